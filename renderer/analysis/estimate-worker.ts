/** Estimates graphs beside the page, so that typing never waits for a model to be laid out. */
import type { GraphDocument } from '#engine/contract/document.ts';
import type { Outcome } from '#engine/contract/outcome.ts';
import { estimateGraph, type GraphEstimate } from '#engine/estimate/estimate.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { catalogue } from '#nodes/index.ts';

export interface EstimateRequest {
  readonly number: number;
  readonly document: GraphDocument;
}

export interface EstimateAnswer {
  readonly number: number;
  readonly estimate: Outcome<GraphEstimate>;
}

globalThis.addEventListener('message', ({ data }: MessageEvent<EstimateRequest>) => {
  const estimate = estimateGraph(checkGraph(data.document, catalogue));
  globalThis.postMessage({ number: data.number, estimate } satisfies EstimateAnswer);
});
