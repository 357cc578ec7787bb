/** A card's part of the shown run; a card is drawn again only when its own part changes. */
import { useRef } from 'react';
import { sameValue } from '#engine/same-value.ts';
import { ownRun, useRuns } from '#renderer/runs/run-store.ts';
import { cardRun, type CardRun } from './card-run.ts';

export function useCardRun(documentId: string, node: string): CardRun {
  const last = useRef<CardRun | null>(null);
  return useRuns((runs) => {
    const now = cardRun(ownRun(runs, documentId), node);
    if (last.current === null || !sameValue(last.current, now)) last.current = now;
    return last.current;
  });
}
