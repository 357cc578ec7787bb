/** What the graph at the front will cost, kept up to date while it is edited. */
import { useEffect } from 'react';
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import type { GraphDocument } from '#engine/contract/document.ts';
import type { GraphEstimate } from '#engine/estimate/estimate.ts';
import type { EstimateAnswer } from './estimate-worker.ts';

const estimated = createStore<{ readonly estimate: EstimateAnswer | null }>(() => ({
  estimate: null,
}));

/** The last estimate of the graph at the front; null before there is one or while it has problems. */
export function useEstimate(): GraphEstimate | null {
  return useStore(estimated, ({ estimate }) => (estimate?.ok === true ? estimate.value : null));
}

let worker: Worker | null = null;
let waiting: GraphDocument | null = null;
let isAsked = false;

/** Keeps `useEstimate` up to date; once in the window. */
export function useEstimating(document: GraphDocument | null): void {
  useEffect(() => {
    if (!document) return estimated.setState({ estimate: null });
    waiting = document;
    askNext();
  }, [document]);
}

/** One at a time: what was typed meanwhile is asked for once the answer is there. */
function askNext(): void {
  if (isAsked || !waiting) return;
  worker ??= newWorker();
  isAsked = true;
  worker.postMessage(waiting);
  waiting = null;
}

function newWorker(): Worker {
  const created = new Worker(new URL('./estimate-worker.ts', import.meta.url), { type: 'module' });
  created.addEventListener('message', ({ data }: MessageEvent<EstimateAnswer>) => {
    estimated.setState({ estimate: data });
    isAsked = false;
    askNext();
  });
  created.addEventListener('error', () => {
    isAsked = false;
  });
  return created;
}
