/** Problems by the node they are at, for a person who mends one node after another. Pure. */
import type { Problem } from '#engine/contract/problem.ts';

export interface ProblemGroup {
  /** The node's id; null for what concerns the graph as a whole. */
  readonly node: string | null;
  readonly problems: readonly Problem[];
}

/** In the order in which nodes are first met; where errors come first, so do the nodes that have any. */
export function groupProblems(problems: readonly Problem[]): readonly ProblemGroup[] {
  const groups = new Map<string | null, Problem[]>();
  for (const problem of problems) {
    const node = problem.node ?? null;
    const group = groups.get(node);
    if (group) group.push(problem);
    else groups.set(node, [problem]);
  }
  return [...groups].map(([node, group]) => ({ node, problems: group }));
}
