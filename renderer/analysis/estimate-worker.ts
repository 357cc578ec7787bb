/** Estimates graphs beside the page, so that typing never waits for a model to be laid out. */
import type { GraphDocument } from '#engine/contract/document.ts';
import type { Outcome } from '#engine/contract/outcome.ts';
import { estimateGraph, type GraphEstimate } from '#engine/estimate/estimate.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { catalogue } from '#nodes/index.ts';

export type EstimateAnswer = Outcome<GraphEstimate>;

globalThis.addEventListener('message', ({ data }: MessageEvent<GraphDocument>) => {
  const answer: EstimateAnswer = estimateGraph(checkGraph(data, catalogue));
  globalThis.postMessage(answer);
});
