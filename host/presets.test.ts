/** Every preset: sound, its place in the field told, and as large as is published of it. */
import { beforeAll, expect, test } from 'vitest';
import { presetGroups } from '#engine/contract/publication.ts';
import type { PresetSummary } from '#engine/contract/preset-summary.ts';
import { catalogue } from '#nodes/index.ts';
import { tinyForm } from '#engine/tiny/tiny-form.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { presetSummaries, readPreset, summarise } from './presets.ts';

let presets: readonly PresetSummary[] = [];
beforeAll(async () => {
  presets = await presetSummaries();
});

test('how many parameters a preset has is counted off its graph, and nowhere told by hand', () => {
  const told = presets.filter(({ about }) => /[\d.]+ [KMB] param/i.test(about));
  expect(told.map(({ id, about, parameters }) => [id, about, parameters])).toEqual([]);
});

test('every preset says which group of the field it is of, and where it was published', () => {
  const unplaced = presets.filter(({ publication }) => {
    if (publication?.group === 'trained') return false;
    const { paper, code, weights } = publication ?? {};
    return !Object.hasOwn(presetGroups, publication?.group ?? '') || !(paper ?? code ?? weights);
  });
  expect(unplaced.map(({ id }) => id)).toEqual([]);
});

/** Published figures that contradict the published composition, and the arithmetic that says so. */
const contradicted: Readonly<Record<string, string>> = {
  'tinyllava-3.1b':
    'Phi-2 has 2.78 B, SigLIP up to the layer that is read 0.40 B, the projector 0.01 B: 3.19 B',
  'llava-phi':
    'Phi-2 has 2.78 B, CLIP up to the layer that is read 0.29 B, the projector 0.01 B: 3.08 B',
  'moe-llava-stablelm':
    'StableLM 2 has 1.64 B, of 12 layers a second expert of 3 × 2048 × 5632 is active: 2.06 B',
  nanollava:
    'The published file holds the last layer of SigLIP and its pooling too, which nothing reads: 0.03 B',
};

const scales = { K: 1e3, M: 1e6, B: 1e9, T: 1e12 } as const;

/** "1.7B" is 1.7 billion, give or take 50 million. */
function publishedCount(text: string): { readonly count: number; readonly give: number } {
  const [, whole = '', , digits = '', scale] = /^(\d+)(\.(\d+))?([KMBT])?$/.exec(text) ?? [];
  const unit = scale === undefined ? 1 : scales[scale as keyof typeof scales];
  const count = Number(`${whole}.${digits || '0'}`) * unit;
  return { count, give: Math.max(0.02 * count, (unit * 10 ** -digits.length) / 2) };
}

/** What of a preset is not as published, within 2% or the digits that are published. */
function differences({ id, publication, ...counted }: PresetSummary): readonly string[] {
  const { counts, parameters, activeParameters, visualTokens } = publication?.reported ?? {};
  const tower = counts === 'language-model' ? counted.otherParameters : 0;
  const held: readonly (readonly [string, string | undefined, number])[] = [
    ['parameters', parameters, counted.parameters - tower],
    ['active parameters', activeParameters, counted.activeParameters - tower],
    ['visual tokens', visualTokens?.toString(), counted.visualTokens],
  ];
  return held.flatMap(([what, text, count]) => {
    if (text === undefined) return [];
    const published = publishedCount(text);
    if (Math.abs(count - published.count) <= published.give) return [];
    return [`${id}: ${text} ${what} published, ${count.toPrecision(4)} counted`];
  });
}

test('parameters and visual tokens are as published, or the published figure contradicts itself', () => {
  const found = presets.filter(({ id }) => !(id in contradicted)).flatMap(differences);
  expect(found).toEqual([]);
  const agreed = presets.filter((preset) => preset.id in contradicted && !differences(preset)[0]);
  expect(agreed.map(({ id }) => id)).toEqual([]);
});

/** Where every layer of the encoder takes tokens away, four layers take fewer. */
const thinnedByLayer = new Set(['llava-1.5-7b-madtp', 'tinychart-3b']);

test('every preset has a small form with as many visual tokens', async () => {
  const differing: string[] = [];
  for (const { id, visualTokens } of presets) {
    const tiny = tinyForm(valueOf(await readPreset(id)), catalogue);
    if (!tiny.ok) differing.push(`${id}: ${tiny.problems.map(({ message }) => message).join(' ')}`);
    else if (summarise(id, tiny.value).visualTokens !== visualTokens && !thinnedByLayer.has(id))
      differing.push(id);
  }
  expect(differing).toEqual([]);
});
