/** What each compressor spares the language model of a preset, beside the preset as it is. */
import type { GraphDocument } from '#engine/contract/document.ts';
import { estimateGraph } from '#engine/estimate/estimate.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { median } from '#engine/profile/statistics.ts';
import type { LocalHost } from '#host/local-host.ts';
import { catalogue } from '#nodes/index.ts';
import { NotMeasured, planOf, runGraph } from '../engine/run-graph.ts';

export interface MeasuredPrefill {
  /** Those that enter the language model. */
  readonly visualTokens: number;
  /** Those behind its last layer, where fewer, as expected. */
  readonly keptTokens: number;
  readonly prefillMs: number;
  readonly timeToFirstTokenMs: number;
  readonly keyValueBytes: number;
}

/** Timed passes of a graph, after one that warms up. */
export const passes = 3;
/** The first comes out of prefill, which is all that is looked at. */
const newTokens = 2;

/** Throws `NotMeasured` with the reason. */
export async function measurePrefill(
  host: LocalHost,
  document: GraphDocument,
): Promise<MeasuredPrefill> {
  const { stages } = planOf(document);
  const language = stages.find(({ body }) => body.kind === 'host' && body.step.kind === 'generate');
  const sources = language?.inputs[language.roles.visual ?? ''] ?? [];
  if (!language || sources.length === 0) throw new NotMeasured('No model looks at a picture here.');
  const report = await runGraph(host, { document, runs: passes, maxNewTokens: newTokens });
  const prefill = report.stages.find(
    ({ node, phase }) => node === language.id && phase === 'prefill',
  );
  if (!prefill) throw new Error('The run has no prefill.');
  const visualTokens = sources.reduce(
    (sum, { stage }) => sum + (report.stages.find(({ id }) => id === stage)?.tokensOut ?? 0),
    0,
  );
  return {
    visualTokens,
    keptTokens: visualTokens - droppedInside(document, language.id),
    prefillMs: prefill.latencyMs.median,
    timeToFirstTokenMs: report.totals.timeToFirstTokenMs ?? 0,
    keyValueBytes: prefill.memory.kvBytes,
  };
}

/** Visual tokens that a part of the language model takes out between its layers. */
function droppedInside(document: GraphDocument, id: string): number {
  const estimate = estimateGraph(checkGraph(document, catalogue));
  const language = estimate.ok
    ? estimate.value.stages.find((stage) => stage.id === id)?.language
    : undefined;
  return language ? language.visualTokens - language.keptVisualTokens : 0;
}

/** Of several measurements of one graph, figure by figure. */
export function medianOf(measured: readonly MeasuredPrefill[]): MeasuredPrefill {
  const ofAll = (figure: keyof MeasuredPrefill) => median(measured.map((each) => each[figure]));
  return {
    visualTokens: ofAll('visualTokens'),
    keptTokens: ofAll('keptTokens'),
    prefillMs: ofAll('prefillMs'),
    timeToFirstTokenMs: ofAll('timeToFirstTokenMs'),
    keyValueBytes: ofAll('keyValueBytes'),
  };
}
