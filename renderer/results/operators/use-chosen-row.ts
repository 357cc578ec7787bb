/** The row whose operators are shown: the one chosen last, be it in the list or by its node on the canvas. */
import { useState } from 'react';
import { costliest, type OperatorRow } from './profiled-rows.ts';

/** `selection` is that of the graph that was run; null where another one is at the front. Null before any choice. */
export function useChosenRow(
  rows: readonly OperatorRow[],
  selection: ReadonlySet<string> | null,
): readonly [string | null, (stage: string) => void] {
  const [chosen, choose] = useState<string | null>(null);
  const [followed, setFollowed] = useState<string | null>(null);
  const [only = null, other] = selection ?? [];
  const selected = other === undefined ? only : null;
  if (selected !== followed) {
    setFollowed(selected);
    // A node without operators leaves what is shown.
    const own = costliest(rows.filter(({ stage }) => stage.node === selected));
    if (own) choose(own.stage.id);
  }
  return [chosen, choose];
}
