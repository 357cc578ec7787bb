/** What a node costs, as rows of a table: estimated for all, measured where a run has been. Pure. */
import {
  formatBytes,
  formatCount,
  formatFlops,
  formatMilliseconds,
  formatRate,
} from '#engine/contract/format.ts';
import type { LanguageReport, Report, StageReport } from '#engine/contract/report.ts';
import { stateWord } from '#engine/contract/state-word.ts';
import { draftText } from '#engine/profile/draft-text.ts';
import { reusedText } from '#engine/profile/reused-text.ts';
import type { GraphEstimate, StageEstimate } from '#engine/estimate/estimate.ts';
import type { LatencyEstimate } from '#engine/estimate/latency.ts';
import { errorText, foretoldLatency } from '#engine/profile/foretold-latency.ts';
import { formatSpread } from '#engine/profile/format-ratio.ts';
import { graphVisualTokensText, visualTokensText } from '#renderer/analysis/visual-tokens.ts';

export interface Figure {
  readonly label: string;
  readonly value: string;
  /** Is it reckoned, and not counted? */
  readonly isEstimate: boolean;
}

const counted = (label: string, value: string): Figure => ({ label, value, isEstimate: false });
const estimated = (label: string, value: string): Figure => ({ label, value, isEstimate: true });

/** Rows that would say nothing are left out. */
export function stageFigures(stage: StageEstimate): readonly Figure[] {
  const { parameters, flops, weightBytes, activationBytes, language } = stage;
  const bytes = (label: string, amount: number): readonly Figure[] =>
    amount > 0 ? [estimated(label, formatBytes(amount))] : [];
  return [
    ...(parameters > 0 ? [counted('Parameters', formatCount(parameters))] : []),
    ...(language ? languageFigures(language) : []),
    ...(!language && flops > 0 ? [estimated('FLOPs', formatFlops(flops))] : []),
    ...bytes('Weights', weightBytes),
    ...bytes('Activations', activationBytes),
    ...bytes(stateLabel(stage), stage.keyValueBytes + stage.recurrentBytes),
  ];
}

/** Keys and values grow with the tokens, what recurrent layers remember does not. */
function stateLabel({ keyValueBytes, recurrentBytes, language }: StageEstimate): string {
  const word = capitalised(stateWord(recurrentBytes));
  return language && keyValueBytes > 0 ? `${word} at ${contextTokens(language)} tokens` : word;
}

const capitalised = (word: string): string => word.slice(0, 1).toUpperCase() + word.slice(1);

type Language = NonNullable<StageEstimate['language']>;

/** Prompt, picture and answer; the last token is never fed back. */
const contextTokens = ({ promptTokens, visualTokens, newTokens }: Language): number =>
  promptTokens + visualTokens + newTokens - 1;

function languageFigures(language: Language): readonly Figure[] {
  const visual = visualTokensText(language);
  return [
    estimated('Prompt tokens', String(language.promptTokens)),
    ...(visual === null ? [] : [estimated('Visual tokens', visual)]),
    estimated('Prefill FLOPs', formatFlops(language.prefillFlops)),
    estimated('FLOPs a new token', formatFlops(language.decodeFlopsPerToken)),
  ];
}

/** What a node will take on the chosen machine; none where nobody knows how fast that is, or it runs no graph. */
export function latencyFigures(node: string, latency: LatencyEstimate | null): readonly Figure[] {
  return (latency?.stages ?? [])
    .filter((stage) => stage.node === node)
    .flatMap(({ phase, ms, tokensPerSecond }) => {
      const time = `≈ ${formatMilliseconds(ms)}`;
      if (phase === null) return [estimated('Latency', time)];
      if (phase === 'prefill') return [estimated('Prefill', time)];
      if (phase !== 'decode' || tokensPerSecond === null) return [];
      return [estimated('Decode', `≈ ${formatRate(tokensPerSecond)} tokens / s`)];
    });
}

/** How far a run was from what was estimated before it, of each row that was. */
export function errorFigures(
  rows: readonly MeasuredRow[],
  report: Report,
  latency: LatencyEstimate | null,
): readonly Figure[] {
  return rows.flatMap(({ phase, stage }) => {
    const foretold = latency && foretoldLatency(stage, report, latency);
    if (!foretold) return [];
    const label = ['Estimated', phase].filter(Boolean).join(' ');
    return [counted(label, `≈ ${formatMilliseconds(foretold.ms)}, ${errorText(foretold)}`)];
  });
}

/** The whole graph, before it is run. */
export function totalFigures(estimate: GraphEstimate): readonly Figure[] {
  const { stages, totals } = estimate;
  const visual = graphVisualTokensText(estimate);
  const prefillFlops = stages.reduce((sum, { language }) => sum + (language?.prefillFlops ?? 0), 0);
  return [
    counted('Parameters', formatCount(totals.parameters)),
    ...(visual === null ? [] : [estimated('Visual tokens', visual)]),
    ...(prefillFlops > 0 ? [estimated('Prefill FLOPs', formatFlops(prefillFlops))] : []),
    estimated('FLOPs of a run', formatFlops(totals.flops)),
    estimated('Weights', formatBytes(totals.weightBytes)),
    estimated('Peak memory', formatBytes(totals.peakBytes)),
  ];
}

export interface MeasuredRow {
  readonly id: string;
  /** "prefill"; empty where the node is one stage. */
  readonly phase: string;
  readonly stage: StageReport;
}

/** The rows of a report that are this node's, where a pass has been timed. */
export function measuredRows(report: Report | null, node: string): readonly MeasuredRow[] {
  return (report?.stages ?? [])
    .filter((stage) => stage.node === node && stage.latencyMs.runs > 0)
    .map((stage) => ({ id: stage.id, phase: stage.phase ?? '', stage }));
}

/** Of a node that is one stage. */
export function measuredFigures(stage: StageReport): readonly Figure[] {
  const { latencyMs, memory, tokensIn, tokensOut } = stage;
  return [
    counted(
      'Latency, median',
      `${formatMilliseconds(latencyMs.median)} ${formatSpread(latencyMs)}`.trim(),
    ),
    ...(latencyMs.p95 === null ? [] : [counted('Latency, p95', formatMilliseconds(latencyMs.p95))]),
    counted('Peak memory', formatBytes(memory.peakBytes)),
    ...(tokensIn === null && tokensOut === null ? [] : [counted('Tokens', tokensText(stage))]),
  ];
}

/** Of a language model, beside its phases; what it did not come to is left out. */
export function languageMeasures(
  {
    timeToFirstTokenMs,
    prefillTokensPerSecond,
    decodeTokensPerSecond,
    draft,
    reused,
  }: LanguageReport,
  rows: readonly MeasuredRow[],
): readonly Figure[] {
  const figure = (label: string, value: number | null, format: (value: number) => string) =>
    value === null || value === 0 ? [] : [counted(label, format(value))];
  const speed = (perSecond: number): string => `${formatRate(perSecond)} tokens / s`;
  const most = (bytes: 'stateBytes' | 'kvBytes'): number =>
    Math.max(0, ...rows.map(({ stage }) => stage.memory[bytes]));
  const word = capitalised(stateWord(most('stateBytes') - most('kvBytes')));
  return [
    ...figure('Time to first token', timeToFirstTokenMs, formatMilliseconds),
    ...figure('Prefill', prefillTokensPerSecond, speed),
    ...figure('Decode', decodeTokensPerSecond, speed),
    ...(draft ? [counted('Draft', draftText(draft))] : []),
    ...(reused ? [counted('Reused', reusedText(reused))] : []),
    ...figure(word, most('stateBytes'), formatBytes),
  ];
}

/** "576 → 144" where they differ. */
export function tokensText({
  tokensIn,
  tokensOut,
}: Pick<StageReport, 'tokensIn' | 'tokensOut'>): string {
  if (tokensIn === null || tokensOut === null || tokensIn === tokensOut)
    return String(tokensOut ?? tokensIn ?? 0);
  return `${tokensIn} → ${tokensOut}`;
}
