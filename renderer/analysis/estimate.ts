/** What the graph at the front will cost, kept up to date while it is edited. */
import { useEffect } from 'react';
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import type { GraphDocument } from '#engine/contract/document.ts';
import type { Outcome } from '#engine/contract/outcome.ts';
import type { GraphEstimate } from '#engine/estimate/estimate.ts';
import type { EstimateAnswer, EstimateRequest } from './estimate-worker.ts';

interface Estimated {
  /** The graph that the estimate is of; another one than the present while that is being reckoned. */
  readonly document: GraphDocument | null;
  readonly estimate: Outcome<GraphEstimate> | null;
}

const estimated = createStore<Estimated>(() => ({ document: null, estimate: null }));

/** The last estimate of the graph at the front; null before there is one or while it has problems. */
export function useEstimate(): GraphEstimate | null {
  return useStore(estimated, ({ estimate }) => (estimate?.ok === true ? estimate.value : null));
}

let worker: Worker | null = null;
let waiting: GraphDocument | null = null;
let asked: EstimateRequest | null = null;

/** Keeps `useEstimate` up to date; once in the window. */
export function useEstimating(document: GraphDocument | null): void {
  useEffect(() => {
    if (!document) return estimated.setState({ document: null, estimate: null });
    waiting = document;
    askNext();
  }, [document]);
}

/** One at a time: what was typed meanwhile is asked for once the answer is there. */
function askNext(): void {
  if (asked || !waiting) return;
  worker ??= newWorker();
  asked = { number: (lastNumber += 1), document: waiting };
  waiting = null;
  worker.postMessage(asked);
}

let lastNumber = 0;

function newWorker(): Worker {
  const created = new Worker(new URL('./estimate-worker.ts', import.meta.url), { type: 'module' });
  created.addEventListener('message', ({ data }: MessageEvent<EstimateAnswer>) => {
    if (asked?.number !== data.number) return;
    estimated.setState({ document: asked.document, estimate: data.estimate });
    asked = null;
    askNext();
  });
  created.addEventListener('error', () => {
    asked = null;
  });
  return created;
}
