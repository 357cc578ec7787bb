/** What the graph at the front will cost, kept up to date while it is edited. */
import { useEffect } from 'react';
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import type { GraphDocument } from '#engine/contract/document.ts';
import type { Estimates } from '#engine/estimate/budget.ts';
import type { GraphEstimate } from '#engine/estimate/estimate.ts';
import type { EstimateAnswer, EstimateRequest } from './estimate-worker.ts';
import { LatestWork, lineTo, type WorkerLine } from './latest-work.ts';
import { useTarget } from './target-machine.ts';

/** What came of the last estimate: figures, why there are none, or that it took too long. */
type Estimated = EstimateAnswer | 'reckoning' | 'given-up';

const estimated = createStore<{ readonly estimate: Estimated }>(() => ({ estimate: 'reckoning' }));

/** As `useEstimate`, with how long the graph will take on the chosen machine. */
export function useEstimates(): Estimates | null {
  return useStore(estimated, ({ estimate }) =>
    typeof estimate === 'object' && estimate.ok ? estimate.value : null,
  );
}

/** The last estimate of the graph at the front; null before there is one or while it has problems. */
export function useEstimate(): GraphEstimate | null {
  return useEstimates()?.graph ?? null;
}

/** Why there is no estimate. */
export function useEstimateLack(): 'reckoning' | 'given-up' | 'refused' {
  return useStore(estimated, ({ estimate }) =>
    typeof estimate === 'object' ? 'refused' : estimate,
  );
}

/** A preset takes less than the first; a graph at the limits of its size, on a slow machine, less than the second. */
const estimating = new LatestWork(startWorker, { olderMs: 250, longestMs: 30_000 });

/** Keeps `useEstimates` up to date; once in the window. */
export function useEstimating(document: GraphDocument | null): void {
  const { rates } = useTarget();
  useEffect(() => {
    if (!document) return estimated.setState({ estimate: 'reckoning' });
    estimating.ask({ document, rates }, (answer) =>
      estimated.setState({ estimate: answer ?? 'given-up' }),
    );
  }, [document, rates]);
}

function startWorker(): WorkerLine<EstimateRequest, EstimateAnswer> {
  return lineTo(new Worker(new URL('./estimate-worker.ts', import.meta.url), { type: 'module' }));
}
