/** What becomes of the figures of a part in small: one rule a parameter, by the names that all nodes share. Pure. */
import type { Json } from '../contract/document.ts';

export type Figures = Readonly<Record<string, Json>>;

/** Channels of a token, in every part, and in every language model. */
const tinyWidth = 64;
const tinyHeads = 4;
const tinyHeadSize = 16;
/** Channels of a latent head that turn. */
const tinyRotated = 8;
const tinyLayers = 4;
const tinyVocabulary = 512;
/** Four layers of a thinning encoder leave more visual tokens than all of them. */
const tinyContext = 8192;
/** Channels of the first stage where stages widen. */
const tinyFirstWidth = 16;

type Rule = (value: Json, all: Figures, languageWidth: number) => Json;

const to =
  (size: number): Rule =>
  (value) =>
    typeof value === 'number' && value > 0 ? size : value;
const atMost =
  (most: number): Rule =>
  (value) =>
    typeof value === 'number' ? Math.min(value, most) : value;
const inList =
  (change: (number: number, place: number, numbers: readonly number[]) => number): Rule =>
  (value) =>
    typeof value === 'string' ? listed(numbersIn(value).map(change)) : value;

const numbersIn = (text: string): readonly number[] =>
  text
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(Number);
const listed = (numbers: readonly number[]): string => numbers.join(', ');

/** Widths that have to fit the language model keep their proportion to it. */
const asLanguage: Rule = (value, _, languageWidth) =>
  typeof value === 'number'
    ? Math.max(8, Math.round((value * tinyWidth) / languageWidth / 8) * 8)
    : value;

/** A part of a head keeps its share of it. */
const asHead: Rule = (value, { headSize }) =>
  typeof value === 'number' && typeof headSize === 'number'
    ? Math.max(1, Math.round((value * tinyHeadSize) / headSize))
    : value;

/** One for each pair of channels that turns. */
const turningPairs: Rule = (value, { attention, rotaryFraction }) => {
  if (typeof value !== 'string') return value;
  const share = attention === 'latent' ? tinyRotated / tinyHeadSize : Number(rotaryFraction ?? 1);
  const pairs = Math.floor((tinyHeadSize * share) / 2);
  return numbersIn(value).slice(0, pairs).join(' ');
};

/** A layer that is left, counted from the end where it was. */
const layerOf: Rule = (value, all) => {
  if (typeof value !== 'number') return value;
  const left = layersLeft(all);
  return value < 0 ? Math.max(value, -left) : Math.min(value, left);
};

/** As many layers, in the same order: the last ones of what is left. */
const layersOf: Rule = (value, all) => {
  if (typeof value !== 'string') return value;
  const { layerCount } = all;
  const outputs = (typeof layerCount === 'number' ? layerCount : 0) + 1;
  const layers = numbersIn(value).map((layer) => (layer < 0 ? outputs + layer : layer));
  const ordered = layers.toSorted((a, b) => a - b);
  const behind = (layer: number): number => ordered.length - 1 - ordered.indexOf(layer);
  return listed(layers.map((layer) => Math.max(0, layersLeft(all) - behind(layer))));
};

const layersLeft = ({ layerCount }: Figures): number =>
  typeof layerCount === 'number' ? Math.min(tinyLayers, layerCount) : tinyLayers;

/** Stages widen as they did, from a narrow one. */
const stageWidth: Rule = (value, { width1 }) =>
  typeof value === 'number' && typeof width1 === 'number' && value > 0
    ? Math.max(tinyFirstWidth, Math.round((value * tinyFirstWidth) / width1 / 8) * 8)
    : value;

const keyValueHeads: Rule = (value, { headCount }) => {
  if (typeof value !== 'number' || typeof headCount !== 'number') return value;
  if (value === headCount) return tinyHeads;
  return value === 1 ? 1 : tinyHeads / 2;
};

const depth = atMost(2);

const rules: Readonly<Record<string, Rule>> = {
  hiddenSize: (value, all) => ('depths' in all ? tinyFirstWidth : to(tinyWidth)(value, all, 1)),
  layerCount: (value, all) => atMost('attentionPeriod' in all ? 8 : tinyLayers)(value, all, 1),
  headCount: to(tinyHeads),
  keyValueHeadCount: keyValueHeads,
  headSize: to(tinyHeadSize),
  feedForwardSize: to(2 * tinyWidth),
  vocabularySize: to(tinyVocabulary),
  contextLength: (value) => (typeof value === 'number' ? Math.max(value, tinyContext) : value),
  embeddingSize: to(tinyWidth / 2),
  embeddingScale: (value) => (value === 1 ? 1 : Math.sqrt(tinyWidth)),
  // Latents, rotated parts and positions of a head.
  keyValueRank: to(tinyHeadSize),
  queryRank: to(tinyHeadSize),
  rotaryHeadSize: to(tinyRotated),
  valueHeadSize: to(tinyHeadSize),
  rotaryShortFactors: turningPairs,
  rotaryLongFactors: turningPairs,
  timePairs: asHead,
  rowPairs: asHead,
  // State spaces and recurrent models.
  innerSize: to(2 * tinyWidth),
  stepRank: to(4),
  stateSize: atMost(16),
  attentionSize: to(tinyWidth),
  mixRank: to(8),
  decayRank: to(8),
  // Towers.
  featureLayer: layerOf,
  levels: layersOf,
  projectionSize: to(tinyWidth),
  outputSize: to(tinyWidth),
  attentionRank: to(4),
  feedForwardRank: to(4),
  stemSize: to(tinyFirstWidth),
  secondSize: to(2 * tinyFirstWidth),
  firstCount: depth,
  secondCount: depth,
  depths: inList((layers) => Math.min(layers, 2)),
  headCounts: inList((_, stage) => 2 ** stage),
  ...Object.fromEntries(
    [1, 2, 3, 4, 5].flatMap((stage): [string, Rule][] => [
      [`heads${stage}`, to(tinyHeads)],
      [`width${stage}`, stageWidth],
      [`depth${stage}`, depth],
    ]),
  ),
  // What leads to the language model.
  outputWidth: asLanguage,
  inputWidth: () => null,
  hiddenWidth: asLanguage,
  laterWidth: asLanguage,
  joinWidth: to(tinyWidth),
  innerWidth: to(tinyWidth),
  width: to(tinyWidth),
  readoutDepth: depth,
  depth: (value, all) => ('hiddenWidth' in all ? value : depth(value, all, 1)),
  // Parts that are plugged in.
  expertSize: to(tinyWidth),
  sharedSize: to(2 * tinyWidth),
  rank: atMost(4),
  layer: depth,
  weights: () => ({ kind: 'random', seed: 0 }),
  precision: () => 'float32',
  maxNewTokens: atMost(4),
};

/** The figures of a part in small, whatever it is. */
export function tinyFigures(figures: Figures, languageWidth: number): Figures {
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [
      name,
      Object.hasOwn(rules, name) ? rules[name]!(value, figures, languageWidth) : value,
    ]),
  );
}
