/** Which presets are meant by what is typed and chosen above them. Pure. */
import type { PresetSummary } from '#engine/contract/preset-summary.ts';
import { presetGroups, type PresetGroup } from '#engine/contract/publication.ts';
import type { Catalogue } from '#engine/node/any-node-definition.ts';
import { plainWords } from '#renderer/parts/plain-words.ts';
import { memoryText } from './memory-text.ts';

export const presetOrders = {
  group: 'By field',
  parameters: 'Fewest parameters',
  visualTokens: 'Fewest visual tokens',
  peakBytes: 'Least memory',
  title: 'By name',
} as const;
export type PresetOrder = keyof typeof presetOrders;

export interface PresetQuery {
  readonly typed: string;
  /** A node type that has to be in it; null for any. */
  readonly part: string | null;
  readonly group: PresetGroup | null;
  /** Of its language model, such as "Phi"; null for any. */
  readonly languageFamily: string | null;
  /** Null for any number. */
  readonly mostParameters: number | null;
  readonly mostTokens: number | null;
  /** Memory it has to fit in, and the entry that stands for it; null for any. */
  readonly memory: { readonly value: string; readonly bytes: number } | null;
  readonly order: PresetOrder;
}

export const everyPreset: PresetQuery = {
  typed: '',
  part: null,
  group: null,
  languageFamily: null,
  mostParameters: null,
  mostTokens: null,
  memory: null,
  order: 'group',
};

/** What is typed, read as limits ("under 2B", "at most 150 tokens") and the words that are left. */
interface Typed {
  readonly words: readonly string[];
  readonly mostParameters: number;
  readonly mostTokens: number;
}

const below = String.raw`(?:under|below|less than|fewer than|up to|at most|no more than|max(?:imum)?|<=?|≤)`;
const parametersPattern = new RegExp(
  String.raw`${below}\s*(\d+(?:\.\d+)?)\s*([mb])\b(?:\s*param\w*)?`,
  'gi',
);
const tokensPattern = new RegExp(String.raw`${below}\s*(\d+)\s*(?:visual\s*)?tokens?\b`, 'gi');
const scales: Readonly<Record<string, number>> = { m: 1e6, b: 1e9 };

export function readTyped(typed: string): Typed {
  const parameters = [...typed.matchAll(parametersPattern)].map(
    ([, count, scale = '']) => Number(count) * (scales[scale.toLowerCase()] ?? 1),
  );
  const tokens = [...typed.matchAll(tokensPattern)].map(([, count]) => Number(count));
  const rest = typed.replace(parametersPattern, ' ').replace(tokensPattern, ' ');
  return {
    words: plainWords(rest).split(' ').filter(Boolean),
    mostParameters: Math.min(Infinity, ...parameters),
    mostTokens: Math.min(Infinity, ...tokens),
  };
}

/** Those that are meant, in the order that is wanted. */
export function queryPresets(
  presets: readonly PresetSummary[],
  query: PresetQuery,
  catalogue: Catalogue,
): readonly PresetSummary[] {
  const { part, group, languageFamily, memory, order } = query;
  const { words, ...limits } = readTyped(query.typed);
  const mostParameters = Math.min(limits.mostParameters, query.mostParameters ?? Infinity);
  const mostTokens = Math.min(limits.mostTokens, query.mostTokens ?? Infinity);
  return presets
    .filter(
      (preset) =>
        preset.parameters <= mostParameters &&
        preset.visualTokens <= mostTokens &&
        (part === null || preset.nodeTypes.includes(part)) &&
        (group === null || groupOf(preset) === group) &&
        (languageFamily === null || languageFamilyOf(preset) === languageFamily) &&
        (memory === null || memoryText(preset.peakBytes, memory.bytes).fits) &&
        speaksOf(preset, words, catalogue),
    )
    .toSorted(orders[order]);
}

/** Where it is shown; one whose document says nothing this version knows is a compact model like most. */
export function groupOf({ publication }: PresetSummary): PresetGroup {
  const group = publication?.group ?? '';
  return Object.hasOwn(presetGroups, group) ? (group as PresetGroup) : 'compact';
}

/** The name that the models of a family begin with; null where its language model has sizes of its own. */
export const languageFamilyOf = ({ languageModel }: PresetSummary): string | null =>
  /^\p{L}+/u.exec(languageModel ?? '')?.[0] ?? null;

type Compare = (a: PresetSummary, b: PresetSummary) => number;

const byTitle: Compare = (a, b) => a.title.localeCompare(b.title, 'en', { numeric: true });
const byFigure =
  (figure: 'parameters' | 'visualTokens' | 'peakBytes'): Compare =>
  (a, b) =>
    a[figure] - b[figure] || byTitle(a, b);
const groupOrder = Object.keys(presetGroups);

const orders: Readonly<Record<PresetOrder, Compare>> = {
  group: (a, b) => groupOrder.indexOf(groupOf(a)) - groupOrder.indexOf(groupOf(b)) || byTitle(a, b),
  parameters: byFigure('parameters'),
  visualTokens: byFigure('visualTokens'),
  peakBytes: byFigure('peakBytes'),
  title: byTitle,
};

/** Every word is in its title, what is said of it, its paper, its parts or their models. */
function speaksOf(preset: PresetSummary, words: readonly string[], catalogue: Catalogue): boolean {
  const { title, about, id, publication, models, nodeTypes } = preset;
  const parts = nodeTypes.flatMap((type) => {
    const definition = catalogue[type];
    return definition
      ? [definition.title, ...definition.references.map((paper) => paper.title)]
      : [];
  });
  const { paper = '', code = '', weights = [] } = publication ?? {};
  const names = weights.map(({ name }) => name);
  const group = presetGroups[groupOf(preset)];
  const text = plainWords(
    [title, about, id, paper, code, group, ...names, ...models, ...parts].join(' '),
  );
  return words.every((word) => text.includes(word));
}
