/** docs/vision.md: one section a part, each with its machine, date and command. */
import { formatBytes, formatCount, formatMilliseconds } from '#engine/contract/format.ts';
import { markdownTable, type Cells } from '../pages/markdown-table.ts';
import { withRowsAgain } from '../pages/rows-again.ts';
import { pageWith, provenance, sectionOf } from '../pages/sections.ts';
import { passes, type MeasuredPrefill } from './compression.ts';
import type { Compressor } from './compressors.ts';
import { leastShare, shownOperators, type MeasuredEncoder } from './encoders.ts';

/** A row, or the sentence that says why there is none. */
export type Row<Measured> = { readonly measured: Measured } | { readonly reason: string };

export type Rows<Measured> = Readonly<Record<string, Row<Measured>>>;

export const sectionTitles = { encoders: 'Encoders', compressors: 'Compressors' } as const;
export type Part = keyof typeof sectionTitles;

const giga = (perSecond: number): string => (perSecond / 1e9).toPrecision(3);
const percent = (share: number): string => `${Math.round(100 * share)}%`;
const belowLeast = ({ share }: MeasuredEncoder): boolean => share < leastShare;

function measuredOf<Measured>(rows: Rows<Measured>): readonly (readonly [string, Measured])[] {
  return Object.entries(rows).flatMap(([name, row]) =>
    'measured' in row ? [[name, row.measured] as const] : [],
  );
}

/** Why rows are missing, one line each; nothing where none is. */
function reasonsOf(rows: Rows<unknown>): readonly string[] {
  const lines = Object.entries(rows).flatMap(([name, row]) =>
    'reason' in row ? [`- \`${name}\`: ${row.reason}`] : [],
  );
  return lines.length === 0 ? [] : [`Not measured:\n\n${lines.join('\n')}`];
}

const encoderTexts = ['size', 'its largest product'];

export function encoderSection(rows: Rows<MeasuredEncoder>, command: string): string {
  const measured = measuredOf(rows);
  const figures = measured.map(([name, encoder]) => {
    const { places, inputs, outputs } = encoder.product;
    const share = percent(encoder.share);
    return [
      `\`${name}\``,
      encoder.size,
      String(encoder.visualTokens),
      formatCount(encoder.parameters),
      formatMilliseconds(encoder.latencyMs),
      formatBytes(encoder.peakBytes),
      giga(encoder.flops),
      giga(encoder.flops / (encoder.latencyMs / 1000)),
      `${places} × ${inputs} × ${outputs}`,
      giga(encoder.productFlopsPerSecond),
      belowLeast(encoder) ? `**${share}**` : share,
    ];
  });
  const titles = [
    'encoder',
    'size',
    'visual tokens',
    'parameters',
    'latency',
    'peak memory',
    'GFLOP',
    'GFLOP/s',
    'its largest product',
    'GFLOP/s of that alone',
    'share',
  ];
  return [
    `## ${sectionTitles.encoders}`,
    provenance(command),
    'Each at its default size, on one picture of the size that it asks for, with random weights in float32. Latencies ' +
      'are medians, taken in turn with those of a bare ONNX Runtime session that multiplies two float32 matrices of the ' +
      'shape on which the encoder spends most (places × channels in × channels out, attention apart): the share is that ' +
      `of its rate. Bold: below ${percent(leastShare)}.`,
    ...(figures.length > 0 ? [markdownTable(titles, figures, encoderTexts)] : []),
    ...heldBack(measured),
    ...reasonsOf(rows),
  ].join('\n\n');
}

/** Where the time of the slow ones goes; nothing where none is slow. */
function heldBack(measured: readonly (readonly [string, MeasuredEncoder])[]): readonly string[] {
  const rows = measured.flatMap(([name, { operators }]) => {
    if (operators === null) return [];
    const shown = Array.from({ length: shownOperators }, (_, index) => {
      const each = operators[index];
      return each ? `${each.op} ${percent(each.share)}` : '';
    });
    return [[`\`${name}\``, ...shown]];
  });
  if (rows.length === 0) return [];
  const places = Array.from({ length: shownOperators }, (_, index) => `${index + 1}`);
  return [
    `What holds back those below ${percent(leastShare)}: kinds of operators by their share of the time, as ONNX ` +
      "Runtime's profiler has it.",
    markdownTable(['encoder', ...places], rows, places),
  ];
}

export interface CompressionResult {
  readonly presetTitle: string;
  /** The preset as it is, before all others and after them. */
  readonly plain: MeasuredPrefill;
  /** By how much its two prefill times differ, a part of the shorter. */
  readonly drift: number;
  readonly rows: Rows<MeasuredPrefill>;
}

export function compressorSection(
  { presetTitle, plain, drift, rows }: CompressionResult,
  known: Readonly<Record<string, Compressor>>,
  command: string,
): string {
  const rowOf = (name: string, measured: MeasuredPrefill, compressor?: Compressor): Cells => {
    const { claim } = compressor ?? {};
    const part = (figure: keyof MeasuredPrefill): string =>
      compressor ? ` (${percent(measured[figure] / plain[figure])})` : '';
    const { visualTokens, keptTokens } = measured;
    const tokens = String(visualTokens);
    return [
      compressor?.title ?? name,
      keptTokens < visualTokens ? `${tokens}, then ${keptTokens}` : tokens,
      formatMilliseconds(measured.prefillMs) + part('prefillMs'),
      formatMilliseconds(measured.timeToFirstTokenMs) + part('timeToFirstTokenMs'),
      formatBytes(measured.keyValueBytes) + part('keyValueBytes'),
      claim ? `${claim.says} (${claim.source})` : '',
    ];
  };
  const figures = measuredOf(rows).map(([name, measured]) => rowOf(name, measured, known[name]));
  const titles = [
    'compressor',
    'visual tokens',
    'prefill',
    'time to first token',
    'keys and values',
    'its paper claims',
  ];
  return [
    `## ${sectionTitles.compressors}`,
    provenance(command),
    `${presetTitle}, one picture, medians of ${passes} passes, and in brackets what is left of the ` +
      `model without a compressor, which was measured before all others and after them (its prefill times differ by ` +
      `${percent(drift)}). The time to the first token includes the encoder. "Then" are tokens behind the last layer, ` +
      'where a part of the language model drops some. With random weights the picture decides (PruMerge, MADTP) otherwise ' +
      'than with trained ones.',
    markdownTable(titles, [rowOf('none', plain), ...figures], ['its paper claims']),
    ...reasonsOf(rows),
  ].join('\n\n');
}

const introduction = `# What encoders and compressors cost

Written by a command, which anybody can run again; it takes hours, on a machine that does nothing else, and no more than
24 GB of memory:

\`\`\`sh
npm run bench:vision                              # everything, to the terminal
npm run bench:vision -- --write                   # everything, into this page
npm run bench:vision compressors -- --write       # one part: encoders or compressors
npm run bench:vision encoder/siglip               # one row: an encoder, or a compressor such as prumerge
npm run bench:vision encoder/vit encoder/siglip -- --write   # encoders once more, on the day of the others
npm run bench:vision compressors -- --preset shapes-llava   # in another preset
\`\`\`
`;

/** The page with some sections new; those that are not keep what the page had. */
export const visionPage = (
  old: string,
  sections: Readonly<Partial<Record<Part, string>>>,
): string => pageWith(introduction, sectionTitles, old, sections);

/** The page with some encoders measured again; null where the others are of another day or machine. */
export function pageWithRowsAgain(
  old: string,
  fresh: string,
  names: readonly string[],
): string | null {
  const merged = withRowsAgain(
    sectionOf(old, sectionTitles.encoders) ?? '',
    fresh,
    names,
    encoderTexts,
  );
  return merged === null ? null : visionPage(old, { encoders: merged });
}
