/** What was measured as tables of figures beside their targets. */
import { median } from '#engine/profile/statistics.ts';
import { medianRatio } from '../language/rounds.ts';
import { markdownTable, type Cells } from '../pages/markdown-table.ts';
import type { MeasuredBound, MeasuredRounding } from './encoders.ts';
import {
  figureTable,
  gigabytes,
  gigabytesPerSecond,
  milliseconds,
  none,
  percent,
  seconds,
  times,
  tokensPerSecond,
  type Figure,
} from './figure.ts';
import { bandwidthShare, medianSpeeds, type MeasuredLanguage } from './language.ts';
import type { LanguagePeerName } from './language-peers.ts';
import { limitBytes, type MeasuredLowMemory } from './low-memory.ts';
import type { MeasuredOverhead } from './overhead.ts';
import type { MeasuredSharing, MeasuredStart } from './start.ts';

/** Blocks of a section. */
export type Blocks = readonly string[];

export function languageBlocks(models: readonly MeasuredLanguage[]): Blocks {
  const figures = models.flatMap((model) => [
    decodeFigure(model),
    prefillFigure(model, 'llama.cpp', 1.5),
    prefillFigure(model, 'torch W8A8', 1),
  ]);
  const speeds = models.flatMap((model) => speedRows(model));
  return [
    figureTable(figures),
    markdownTable(['tokens a second, medians', 'program', 'prefill', 'decode'], speeds, [
      'program',
    ]),
    ...missing(models.flatMap(({ peers }) => Object.entries(peers))),
  ];
}

const nameOf = ({ title, promptTokens }: MeasuredLanguage): string =>
  `${title}, ${promptTokens} tokens`;

function decodeFigure(model: MeasuredLanguage): Figure {
  const { decode } = medianSpeeds(model.ours);
  return {
    title: `${nameOf(model)}: bandwidth of decode`,
    ours: gigabytesPerSecond(decode * model.bytesPerToken),
    beside: `reader ${gigabytesPerSecond(median(model.reads))}`,
    value: bandwidthShare(model),
    target: { atLeast: 0.9 },
    text: percent,
  };
}

function prefillFigure(model: MeasuredLanguage, peer: LanguagePeerName, atLeast: number): Figure {
  const side = model.peers[peer];
  const pick = (rounds: MeasuredLanguage['ours']) => rounds.map(({ prefill }) => prefill);
  const theirs = 'rounds' in side ? pick(side.rounds) : null;
  return {
    title: `${nameOf(model)}: prefill`,
    ours: tokensPerSecond(median(pick(model.ours))),
    beside: `${peer} ${theirs ? tokensPerSecond(median(theirs)) : none}`,
    value: theirs && medianRatio(pick(model.ours), theirs),
    target: { atLeast },
    text: times,
  };
}

function speedRows(model: MeasuredLanguage): readonly Cells[] {
  const sides = Object.entries(model.peers).flatMap(([name, side]) =>
    'rounds' in side ? [[name, side.rounds] as const] : [],
  );
  return [['Patchbay', model.ours] as const, ...sides].map(([name, rounds]) => {
    const { prefill, decode } = medianSpeeds(rounds);
    return [nameOf(model), name, prefill.toFixed(1), decode.toFixed(1)];
  });
}

/** Why peers are missing, each once. */
function missing(sides: readonly (readonly [name: string, side: object])[]): Blocks {
  const lines = sides.flatMap(([name, side]) =>
    'reason' in side ? [`- ${name}: ${String(side.reason)}.`] : [],
  );
  return lines.length === 0 ? [] : [`Not to be had:\n\n${[...new Set(lines)].join('\n')}`];
}

export function encoderBlocks(
  rounding: MeasuredRounding,
  bounds: readonly MeasuredBound[],
): Blocks {
  const { float32Ms, w8a8Ms, quantised } = rounding;
  const theirs = 'latenciesMs' in quantised ? quantised.latenciesMs : null;
  const w8a8 = milliseconds(median(w8a8Ms));
  return [
    figureTable([
      {
        title: 'CLIP ViT-L/14-336: w8a8 faster than float32',
        ours: w8a8,
        beside: `float32 ${milliseconds(median(float32Ms))}`,
        value: medianRatio(float32Ms, w8a8Ms),
        target: { atLeast: 2.2 },
        text: times,
      },
      {
        title: "CLIP ViT-L/14-336: time of w8a8 by ONNX Runtime's own form",
        ours: w8a8,
        beside: `quantize_dynamic ${theirs ? milliseconds(median(theirs)) : none}`,
        value: theirs && medianRatio(w8a8Ms, theirs),
        target: { atMost: 1.15 },
        text: times,
      },
      ...bounds.map(({ type, latencyMs, boundMs, ratio }): Figure => ({
        title: `\`${type}\`, float32: time by its bound`,
        ours: milliseconds(latencyMs),
        beside: `products ${milliseconds(boundMs)}`,
        value: ratio,
        target: { atMost: 1.25 },
        text: times,
      })),
    ]),
    ...missing([['quantize_dynamic', quantised]]),
  ];
}

export const overheadBlocks = (measured: MeasuredOverhead): Blocks => [
  figureTable([
    {
      title: 'added to a token',
      ours: milliseconds(measured.engineMs),
      beside: `bare sessions ${milliseconds(measured.bareMs)}`,
      value: measured.addedMs,
      target: { atMost: 0.3 },
      text: milliseconds,
    },
    {
      title: 'shapes-llava inside its stages',
      ours: milliseconds(measured.wallMs),
      beside: `stages ${milliseconds(measured.stagesMs)}`,
      value: measured.stagesMs / measured.wallMs,
      target: { atLeast: 0.97 },
      text: percent,
    },
  ]),
];

export function startBlocks(
  { language, encoder }: Readonly<Record<'language' | 'encoder', MeasuredStart>>,
  { firstBytes, allBytes }: MeasuredSharing,
): Blocks {
  const ready = ({ title, readyMs, loadMs }: MeasuredStart, atMost: number): Figure => ({
    title: `${title}: ready from cache`,
    ours: seconds(readyMs / 1000),
    beside: `loading alone ${seconds(loadMs / 1000)}`,
    value: readyMs / 1000,
    target: { atMost },
    text: seconds,
  });
  const built = (what: string, { title, weightsBytes }: MeasuredStart, ms: number): Figure => ({
    title: `${title}: ${what}`,
    ours: seconds(ms / 1000),
    beside: gigabytes(weightsBytes),
    value: weightsBytes / (ms / 1000),
    target: { atLeast: 1e9 },
    text: gigabytesPerSecond,
  });
  const writtenAndPacked = (measured: MeasuredStart): readonly Figure[] => [
    built('random weights written', measured, measured.writeMs),
    built('first build, packed by ONNX Runtime too', measured, measured.buildMs),
  ];
  return [
    figureTable([
      ready(language, 1),
      ready(encoder, 0.7),
      ...writtenAndPacked(language),
      ...writtenAndPacked(encoder),
      {
        title: 'an encoder that three presets share: stored',
        ours: gigabytes(allBytes),
        beside: `once ${gigabytes(firstBytes)}`,
        value: allBytes / firstBytes,
        target: { atMost: 1.05 },
        text: times,
      },
    ]),
  ];
}

export function lowMemoryBlocks(measured: MeasuredLowMemory): Blocks {
  const peak = (title: string, bytes: number): Figure => ({
    title,
    ours: gigabytes(bytes),
    beside: none,
    value: bytes,
    target: { atMost: limitBytes },
    text: gigabytes,
  });
  const firstToken = seconds(measured.timeToFirstTokenMs / 1000);
  const rate = tokensPerSecond(measured.decodeTokensPerSecond);
  return [
    figureTable([
      peak('highest resident memory, built', measured.builtPeakBytes),
      peak('highest resident memory, from cache', measured.cachedPeakBytes),
    ]),
    `Its first token came after ${firstToken}, the others at ${rate}.`,
  ];
}
