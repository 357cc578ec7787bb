/** What a node costs, as rows of a table: estimated for all, measured where a run has been. Pure. */
import {
  formatBytes,
  formatCount,
  formatFlops,
  formatMilliseconds,
} from '#engine/contract/format.ts';
import type { Report, StageReport } from '#engine/contract/report.ts';
import type { GraphEstimate, StageEstimate } from '#engine/estimate/estimate.ts';

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
  const { parameters, flops, weightBytes, activationBytes, keyValueBytes, language } = stage;
  const bytes = (label: string, amount: number): readonly Figure[] =>
    amount > 0 ? [estimated(label, formatBytes(amount))] : [];
  return [
    ...(parameters > 0 ? [counted('Parameters', formatCount(parameters))] : []),
    ...(language ? languageFigures(language) : []),
    ...(!language && flops > 0 ? [estimated('FLOPs', formatFlops(flops))] : []),
    ...bytes('Weights', weightBytes),
    ...bytes('Activations', activationBytes),
    ...bytes(language ? `KV at ${contextTokens(language)} tokens` : 'KV', keyValueBytes),
  ];
}

type Language = NonNullable<StageEstimate['language']>;

/** Prompt, picture and answer; the last token is never fed back. */
const contextTokens = ({ promptTokens, visualTokens, newTokens }: Language): number =>
  promptTokens + visualTokens + newTokens - 1;

function languageFigures(language: Language): readonly Figure[] {
  const { promptTokens, visualTokens, keptVisualTokens } = language;
  const pruned = keptVisualTokens === visualTokens ? '' : ` → ${keptVisualTokens}`;
  return [
    estimated('Prompt tokens', String(promptTokens)),
    ...(visualTokens > 0 ? [estimated('Visual tokens', `${visualTokens}${pruned}`)] : []),
    estimated('Prefill FLOPs', formatFlops(language.prefillFlops)),
    estimated('FLOPs a new token', formatFlops(language.decodeFlopsPerToken)),
  ];
}

/** The whole graph, before it is run. */
export function totalFigures({ stages, totals }: GraphEstimate): readonly Figure[] {
  const language = stages.find((stage) => stage.language)?.language;
  const visual = language && language.visualTokens > 0 ? language : undefined;
  const pruned =
    visual && visual.keptVisualTokens !== visual.visualTokens
      ? ` → ${visual.keptVisualTokens}`
      : '';
  return [
    counted('Parameters', formatCount(totals.parameters)),
    ...(visual ? [estimated('Visual tokens', `${visual.visualTokens}${pruned}`)] : []),
    ...(language ? [estimated('Prefill FLOPs', formatFlops(language.prefillFlops))] : []),
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
    .map((stage) => {
      const phase = stage.id.startsWith(`${node}/`) ? stage.id.slice(node.length + 1) : '';
      return { id: stage.id, phase, stage };
    });
}

/** Of a node that is one stage. */
export function measuredFigures(stage: StageReport): readonly Figure[] {
  const { latencyMs, memory, tokensIn, tokensOut } = stage;
  return [
    counted('Latency, median', formatMilliseconds(latencyMs.median)),
    counted('Latency, p95', formatMilliseconds(latencyMs.p95)),
    counted('Peak memory', formatBytes(memory.peakBytes)),
    ...(tokensIn === null && tokensOut === null ? [] : [counted('Tokens', tokensText(stage))]),
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
