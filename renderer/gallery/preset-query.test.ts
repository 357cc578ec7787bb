import { expect, test } from 'vitest';
import type { PresetSummary } from '#engine/contract/preset-summary.ts';
import { catalogue } from '#nodes/index.ts';
import { everyPreset, queryPresets, type PresetQuery } from './preset-query.ts';

const base = {
  about: '',
  models: [],
  languageModel: null,
  activeParameters: 0,
  otherParameters: 0,
  visualTokensKnown: true,
  weightBytes: 0,
  random: true,
};

const presets: readonly PresetSummary[] = [
  {
    ...base,
    id: 'mobilevlm-v2-1.7b',
    title: 'MobileVLM V2 1.7B',
    publication: { group: 'compact', paper: '2402.03766' },
    nodeTypes: ['encoder/clip-vit', 'projector/ldp-v2', 'language/decoder'],
    models: ['MobileLLaMA 1.4B'],
    parameters: 1.66e9,
    visualTokens: 144,
    peakBytes: 2.3e9,
  },
  {
    ...base,
    id: 'bunny-3b',
    title: 'Bunny 3B',
    publication: {
      group: 'compact',
      weights: [{ name: 'BAAI/Bunny-v1_0-3B', licence: '', layout: '' }],
    },
    nodeTypes: ['encoder/siglip', 'projector/mlp', 'language/decoder'],
    models: ['Phi-2 2.7B'],
    languageModel: 'Phi-2 2.7B',
    parameters: 3.19e9,
    visualTokens: 729,
    peakBytes: 4.1e9,
  },
  {
    ...base,
    id: 'shapes-llava',
    title: 'Shapes LLaVA',
    publication: { group: 'trained' },
    nodeTypes: ['encoder/clip-vit', 'projector/mlp', 'language/decoder'],
    parameters: 3.7e6,
    visualTokens: 144,
    peakBytes: 2e7,
    random: false,
  },
  {
    ...base,
    id: 'cobra-3b',
    title: 'Cobra 3B',
    publication: { group: 'of a later version' },
    nodeTypes: ['encoder/siglip', 'encoder/dinov2', 'language/mamba'],
    parameters: 3.5e9,
    visualTokens: 729,
    peakBytes: 5e9,
  },
];

const found = (asked: Partial<PresetQuery>): readonly string[] =>
  queryPresets(presets, { ...everyPreset, ...asked }, catalogue).map(({ id }) => id);

test.each<[string, readonly string[]]>([
  ['LDPv2', ['mobilevlm-v2-1.7b']],
  ['2402.03766', ['mobilevlm-v2-1.7b']],
  ['phi 2', ['bunny-3b']],
  ['BAAI', ['bunny-3b']],
  ['mamba', ['cobra-3b']],
  ['under 2B', ['shapes-llava', 'mobilevlm-v2-1.7b']],
  ['compact models under 2B', ['mobilevlm-v2-1.7b']],
  ['no more than 150 tokens', ['shapes-llava', 'mobilevlm-v2-1.7b']],
  ['at most 3.5b parameters, siglip', ['bunny-3b', 'cobra-3b']],
  ['nothing like it', []],
])('"%s" finds %j', (typed, ids) => {
  expect(found({ typed })).toEqual(ids);
});

test('parts, groups and memory narrow what is found, and an order puts it in line', () => {
  expect(found({ part: 'encoder/siglip', order: 'parameters' })).toEqual(['bunny-3b', 'cobra-3b']);
  // What is of a group that only a later version knows is shown with most others.
  expect(found({ group: 'compact' })).toEqual(['bunny-3b', 'cobra-3b', 'mobilevlm-v2-1.7b']);
  expect(found({ languageFamily: 'Phi' })).toEqual(['bunny-3b']);
  expect(found({ mostParameters: 2e9, mostTokens: 150, typed: 'under 1B' })).toEqual([
    'shapes-llava',
  ]);
  expect(found({ memory: { value: 'a phone', bytes: 4e9 } })).toEqual([
    'shapes-llava',
    'mobilevlm-v2-1.7b',
  ]);
  expect(found({ order: 'visualTokens' })[0]).toBe('mobilevlm-v2-1.7b');
});
