/** The stages of a report as comma-separated values, for spreadsheets and notebooks. Pure. */
import type { Report, StageReport } from '#engine/contract/report.ts';

type Cell = string | number | null;

const columns: Readonly<Record<string, (stage: StageReport, report: Report) => Cell>> = {
  stage: ({ id }) => id,
  node: ({ node }) => node,
  type: ({ type }) => type,
  title: ({ title }) => title,
  phase: ({ phase }) => phase,
  precision: ({ precision }) => precision,
  weights: ({ weights }) => weights,
  medianMs: ({ latencyMs }) => latencyMs.median,
  deviationMs: ({ latencyMs }) => latencyMs.deviation,
  /** Between these the median lies, as sure as the passes allow; nothing for a single one. */
  fromMs: ({ latencyMs }) => latencyMs.interval?.from ?? null,
  toMs: ({ latencyMs }) => latencyMs.interval?.to ?? null,
  p95Ms: ({ latencyMs }) => latencyMs.p95,
  runs: ({ latencyMs }) => latencyMs.runs,
  weightsBytes: ({ memory }) => memory.weightsBytes,
  stateBytes: ({ memory }) => memory.stateBytes,
  kvBytes: ({ memory }) => memory.kvBytes,
  peakBytes: ({ memory }) => memory.peakBytes,
  /** What the run before had read of them: all of a stage that did not run, and the beginning of a prompt. */
  tokensReused: (stage, report) =>
    stage.reused ? stage.tokensOut : stage.phase === 'prefill' ? reusedOf(stage, report) : null,
  tokensIn: ({ tokensIn }) => tokensIn,
  tokensOut: ({ tokensOut }) => tokensOut,
  /** Of tokens guessed ahead, those that the model itself would have written. */
  tokensKept: ({ node, phase }, { languageModels }) =>
    phase === 'draft'
      ? (languageModels.find((model) => model.node === node)?.draft?.accepted ?? null)
      : null,
  flops: ({ flops }) => flops,
};

function reusedOf({ node }: StageReport, { languageModels }: Report): number | null {
  const reused = languageModels.find((model) => model.node === node)?.reused;
  return reused ? reused.visual + reused.words : null;
}

/** One line a stage under a line of names, each ended as RFC 4180 has it. */
export function reportCsv(report: Report): string {
  const cells = Object.values(columns);
  const lines = [
    Object.keys(columns),
    ...report.stages.map((stage) => cells.map((cellOf) => cellOf(stage, report))),
  ];
  return lines.map((line) => `${line.map(written).join(',')}\r\n`).join('');
}

/** What a spreadsheet would take for a formula; titles come with graphs that others wrote. */
const formulaStart = /^[=+\-@\t\r]/;

function written(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return String(cell);
  const text = formulaStart.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** As `patchbay run --json` writes it. */
export const reportJson = (report: Report): string => `${JSON.stringify(report, null, 2)}\n`;
