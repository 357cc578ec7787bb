/** What can be shown of a stage: what its node declares, and what the parts in its graph do. */
import type { CheckedGraph, CheckedNode } from '../graph/check.ts';
import { nodeTitle } from '../graph/node-title.ts';
import type { PatchMarkKind } from '../contract/showing.ts';

export type StageShow = {
  /** The node that declares it. */
  readonly node: string;
  readonly title: string;
} & (
  | {
      readonly kind: PatchMarkKind;
      readonly tap: string;
      readonly singledOut: string | null;
      readonly also: string | null;
    }
  | { readonly kind: 'views'; readonly port: string }
  | { readonly kind: 'expert-load' }
);

export function stageShows(
  { nodes }: Pick<CheckedGraph, 'nodes'>,
  node: CheckedNode,
): readonly StageShow[] {
  const parts = Object.values(node.incoming)
    .flat()
    .flatMap(({ from }) => nodes[from.node] ?? [])
    .filter(({ definition }) => definition?.body.kind === 'part');
  return [node, ...parts].flatMap(ownShows);
}

function ownShows(node: CheckedNode): readonly StageShow[] {
  const named = { node: node.id, title: nodeTitle(node) };
  return (node.definition?.shows ?? []).map((show) => {
    if (show.kind === 'expert-load') return { ...named, kind: show.kind };
    if (show.kind === 'views') return { ...named, kind: show.kind, port: show.port };
    const { kind, tap, singledOut = null } = show;
    const also = show.also?.(node.params) ?? null;
    return { ...named, kind, tap: typeof tap === 'string' ? tap : tap(node.id), singledOut, also };
  });
}
