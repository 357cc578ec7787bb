/** Graphs inside operators. */
import type { Attribute, Branch, WorkTerm } from './model.ts';

/** A graph inside an operator, with the arithmetic of one run of it. */
export interface InnerGraph extends Omit<Branch, 'inputs'> {
  readonly work: readonly WorkTerm[];
}

/** Both graphs of an If; what they give must be of the same types and shapes. */
export function branchAttributes(
  thenBranch: InnerGraph,
  elseBranch: InnerGraph,
): Readonly<Record<string, Attribute>> {
  for (const [index, output] of thenBranch.outputs.entries()) {
    const other = elseBranch.outputs[index];
    if (output.type !== other?.type || output.shape.join() !== other.shape.join()) {
      throw new Error(`"${output.name}" and "${other?.name}" are not of the same type and shape.`);
    }
  }
  return {
    then_branch: { graph: graphOf(thenBranch) },
    else_branch: { graph: graphOf(elseBranch) },
  };
}

const graphOf = ({ nodes, outputs }: InnerGraph): Branch => ({ inputs: [], nodes, outputs });

/** Throws where an operator inside another reads constants alone: what is computed there ahead does not load again; see `scan`. */
export function refuseFolded({ nodes }: Branch, constants: ReadonlyMap<string, unknown>): void {
  const folded = nodes.find(
    ({ inputs }) => inputs.length > 0 && inputs.every((name) => constants.has(name)),
  );
  if (!folded) return;
  throw new Error(
    `"${folded.name}" follows from constants; build it before the graph that it is in.`,
  );
}
