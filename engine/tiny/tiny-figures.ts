/** What becomes of the figures of a part in small: one rule a parameter, by the names that all nodes share. Pure. */
import type { Json } from '../contract/document.ts';

export type Figures = Readonly<Record<string, Json>>;

/** Channels of a token, in every part, and in every language model. */
const tinyWidth = 64;
const tinyHeads = 4;
const tinyHeadSize = 16;
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
  (change: (number: number, place: number, all: readonly number[]) => number): Rule =>
  (value) =>
    typeof value === 'string' && value !== ''
      ? value
          .split(/[\s,]+/)
          .map(Number)
          .map(change)
          .join(', ')
      : value;

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

/** The last layers of what is left, counted from the end where they were. */
const layerOf: Rule = (value, { layerCount }) => {
  if (typeof value !== 'number' || typeof layerCount !== 'number') return value;
  const left = Math.min(tinyLayers, layerCount);
  return value < 0 ? Math.max(value, -left) : Math.min(value, left);
};

const lastLayers: Rule = (value, all, width) =>
  inList((layer, place, layers) => {
    const left = Math.min(tinyLayers, Number(all['layerCount'] ?? tinyLayers));
    if (layer >= 0) return Math.max(0, left - (layers.length - 1 - place));
    return Math.max(layer, place - layers.length + 1 - 1, -left);
  })(value, all, width);

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
  rotaryHeadSize: to(tinyHeadSize / 2),
  valueHeadSize: to(tinyHeadSize),
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
  levels: lastLayers,
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
    [1, 2, 3, 4, 5].flatMap((stage) => [
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
