/** Which parts a language model takes together, and what it says of those that it does not. */
import { expect, test } from 'vitest';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import type { ActsAt } from '#engine/node/wire.ts';
import { catalogue } from '../index.ts';
import { checkDecoderParts } from './decoder-parts.ts';

/** Problems at a published model with a part plugged in that drops visual tokens, at its layers and behind them. */
function problemsOf(params: Readonly<Record<string, string | number>>, layer: number) {
  const graph = sketchDocument(
    {
      prompt: ['input/prompt'],
      language: ['language/decoder', params],
      part: ['acceleration/fastv', { layer }],
    },
    ['prompt.text > language.prompt', 'part.part > language.acceleration'],
  );
  return checkGraph(graph, catalogue).problems;
}

test('visual tokens stay where attention slides over them, or where those of a picture see each other', () => {
  expect(problemsOf({ model: 'mistral-7b-v0.2' }, 2)).toEqual([]);
  expect(problemsOf({ model: 'mistral-7b-v0.1' }, 2)).toEqual([
    {
      code: 'parts-conflict',
      severity: 'error',
      message:
        "A part drops visual tokens, and the model's attention slides over the last 4096, which without them would be others than it was taught; unplug the part, or choose a model without a window.",
      node: 'language',
      port: 'acceleration',
    },
  ]);
  expect(problemsOf({ model: 'custom', promptAttention: 'pictures' }, 2)).toMatchObject([
    {
      code: 'parts-conflict',
      severity: 'error',
      message: expect.stringMatching(/^A part drops visual tokens, for which/) as string,
    },
  ]);
  // One behind the last layer does nothing anywhere.
  expect(problemsOf({ model: 'mistral-7b-v0.1' }, 32)).toMatchObject([{ severity: 'warning' }]);
});

type Nodes = Parameters<typeof sketchDocument>[0];

/** Problems at a TinyLlama, which has layers 0 to 21, with these parts plugged in. */
function problemsWith(parts: Nodes, port: 'acceleration' | 'feedForward') {
  const plugs = Object.keys(parts).map((id) => `${id}.part > language.${port}`);
  const graph = sketchDocument(
    { prompt: ['input/prompt'], language: ['language/decoder'], ...parts },
    ['prompt.text > language.prompt', ...plugs],
  );
  return checkGraph(graph, catalogue).problems;
}

test('FastV and VTW go together where VTW comes last', () => {
  const fastv = (layer: number): Nodes[string] => ['acceleration/fastv', { layer }];
  const vtw = (layer: number): Nodes[string] => ['acceleration/vtw', { layer }];
  expect(problemsWith({ fastv: fastv(2), vtw: vtw(8) }, 'acceleration')).toEqual([]);
  expect(problemsWith({ vtw: vtw(8), fastv: fastv(2) }, 'acceleration')).toEqual([]);
  expect(problemsWith({ a: fastv(2), b: fastv(5), c: vtw(8) }, 'acceleration')).toEqual([]);

  expect(problemsWith({ fastv: fastv(9), vtw: vtw(8) }, 'acceleration')).toEqual([
    {
      code: 'parts-conflict',
      severity: 'error',
      message:
        'Before layer 8 all visual tokens leave, so the part at layer 9 has none to drop; move it before layer 8, or unplug it.',
      node: 'language',
      port: 'acceleration',
    },
  ]);
  const [same, ...others] = problemsWith({ fastv: fastv(8), vtw: vtw(8) }, 'acceleration');
  expect(others).toEqual([]);
  expect(same).toMatchObject({ code: 'parts-conflict', severity: 'error' });
  expect(same?.message).toMatch(/^Two parts drop visual tokens before layer 8,/);
});

test('a part behind the last layer is let be, and said to do nothing', () => {
  const beyond = { vtw: ['acceleration/vtw', { layer: 22 }] } as const;
  expect(
    problemsWith({ ...beyond, fastv: ['acceleration/fastv', { layer: 22 }] }, 'acceleration'),
  ).toMatchObject([
    { code: 'parts-conflict', severity: 'warning', node: 'language' },
    { code: 'parts-conflict', severity: 'warning', node: 'language' },
  ]);
});

test('experts of different parts share the layers, or are refused', () => {
  const experts = (layers: string): Nodes[string] => ['moe/feed-forward', { layers }];
  const halves = { a: experts('first-half'), b: experts('second-half') };
  expect(problemsWith(halves, 'feedForward')).toEqual([]);
  const meeting = { a: experts('every-second'), b: experts('second-half') };
  const [problem, ...others] = problemsWith(meeting, 'feedForward');
  expect(others).toEqual([]);
  expect(problem).toMatchObject({ code: 'parts-conflict', severity: 'error', port: 'feedForward' });
  // Layers 12, 14, 16, 18 and 20 of the 22.
  expect(problem?.message).toContain('the feed-forward of layer 12 and 4 more');
});

const draft: ActsAt = { at: 'draft', reads: 'words', vocabularySize: 32_000, hiddenSize: 2048 };

test.for<[string, ActsAt[], RegExp | null]>([
  ['one draft model', [draft], null],
  ['two draft models', [draft, draft], /^2 draft models/],
  ['a draft model and an early exit', [draft, { at: 'exit', layer: 3 }], /guess the next/],
  [
    'two early exits',
    [
      { at: 'exit', layer: 3 },
      { at: 'exit', layer: 5 },
    ],
    /at one layer only/,
  ],
  [
    'a pruning and an exit at one layer',
    [
      { at: 'exit', layer: 3 },
      { at: 'between-blocks', layer: 3, leaves: 'some', pruned: 'dropped' },
    ],
    /another lets tokens leave there/,
  ],
  [
    'an exit and a part that masks',
    [
      { at: 'between-blocks', layer: 2, leaves: 'some', pruned: 'masked' },
      { at: 'exit', layer: 5 },
    ],
    /^An early exit cannot be combined/,
  ],
])('of what guesses tokens there is one: %s', ([, acts, reason]) => {
  const acceleration = acts.map((each) => ({ kind: 'acceleration', acts: each }) as const);
  const checked = checkDecoderParts({ feedForward: [], acceleration }, 8);
  if (reason === null) expect(checked).toEqual({ ok: true, value: [] });
  else
    expect(checked).toMatchObject({
      ok: false,
      problems: [{ code: 'parts-conflict', message: expect.stringMatching(reason) as string }],
    });
});
