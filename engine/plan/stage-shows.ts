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
  return [node, ...parts].flatMap(ownShow);
}

function ownShow(node: CheckedNode): readonly StageShow[] {
  const shows = node.definition?.shows;
  if (!shows) return [];
  const named = { node: node.id, title: nodeTitle(node) };
  if (shows.kind === 'expert-load') return [{ ...named, kind: shows.kind }];
  if (shows.kind === 'views') return [{ ...named, kind: shows.kind, port: shows.port }];
  const { kind, tap, singledOut = null } = shows;
  return [{ ...named, kind, tap, singledOut, also: shows.also?.(node.params) ?? null }];
}
