import { expect, test } from 'vitest';
import { applyEdits } from '#engine/graph/apply-edit.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { catalogue } from '#nodes/index.ts';
import type { PortPlace } from '#renderer/canvas/card/port-place.ts';
import { connectChoices } from './connect-choices.ts';
import {
  allPorts,
  connectEdits,
  connectReasons,
  consequence,
  edgeBetween,
} from './connect-reason.ts';

const graph = sketchDocument(
  {
    encoder: ['encoder/clip-vit', { model: 'vit-b32' }],
    first: ['compression/average-pool', { kernel: 1 }],
    second: ['compression/average-pool', { kernel: 1 }],
    image: ['input/image'],
    preprocess: ['vision/preprocess'],
    prompt: ['input/prompt'],
    language: ['language/decoder'],
    future: ['encoder/from-tomorrow'],
  },
  [
    'image.image > preprocess.image',
    'preprocess.pixels > encoder.pixels',
    'encoder.tokens > first.tokens',
    'first.tokens > second.tokens',
    'prompt.text > language.prompt',
  ],
);
const checked = checkGraph(graph, catalogue);
const output = (node: string, port: string): PortPlace => ({ node, port, side: 'outputs' });
const input = (node: string, port: string): PortPlace => ({ node, port, side: 'inputs' });

test('a port is told why it does not fit: kind, side, circle, a wire that is there, a node unknown', () => {
  const fromSecond = connectReasons(checked, output('second', 'tokens'));
  expect(fromSecond(input('language', 'visual'))).toBeNull();
  expect(fromSecond(input('language', 'prompt'))?.message).toBe(
    '"Prompt" takes text, "Pooled tokens" gives visual tokens; wire ports of the same kind.',
  );
  expect(fromSecond(input('first', 'tokens'))).toMatchObject({ code: 'cycle' });
  expect(fromSecond(input('second', 'tokens'))?.message).toMatch(/cannot feed itself/);
  expect(fromSecond(output('first', 'tokens'))?.message).toMatch(/^Both are outputs/);
  expect(fromSecond(input('future', 'in'))).toMatchObject({ code: 'node-unknown' });
  const backwards = connectReasons(checked, input('second', 'tokens'));
  expect(backwards(output('encoder', 'tokens'))).toBeNull();
  expect(backwards(output('first', 'tokens'))?.message).toMatch(/there already/);
});

test('a wire dropped on a full input takes its place in one step, and undo brings the old one back', () => {
  const edge = edgeBetween(input('second', 'tokens'), output('encoder', 'tokens'));
  const applied = applyEdits(graph, connectEdits(checked, edge));
  if (!applied.ok) throw new Error(JSON.stringify(applied.problems));
  const into = applied.value.document.edges.filter(({ to }) => to.node === 'second');
  expect(into).toEqual([edge]);
  const back = applyEdits(applied.value.document, applied.value.inverse);
  expect(back.ok && back.value.document).toEqual(graph);
});

test('a wire to an input of several joins those that are there', () => {
  const parts = sketchDocument(
    {
      fastv: ['acceleration/fastv'],
      vtw: ['acceleration/vtw'],
      language: ['language/decoder'],
    },
    ['fastv.part > language.acceleration'],
  );
  const plugged = checkGraph(parts, catalogue);
  const edge = edgeBetween(output('vtw', 'part'), input('language', 'acceleration'));
  expect(connectEdits(plugged, edge)).toEqual([{ type: 'connect', edge }]);
  const choices = connectChoices(plugged, output('vtw', 'part'), '');
  expect(choices[0]).toMatchObject({ place: { port: 'acceleration' }, replaces: false });
});

test('a moved end leaves its old input free, and may come back to where it was', () => {
  const moved = graph.edges[2];
  if (!moved) throw new Error('no wire');
  const reason = connectReasons(checked, output('encoder', 'tokens'), moved);
  expect(reason(input('first', 'tokens'))).toBeNull();
  const edge = edgeBetween(output('encoder', 'tokens'), input('second', 'tokens'));
  expect(connectEdits(checked, edge, moved).map(({ type }) => type)).toEqual([
    'disconnect',
    'disconnect',
    'connect',
  ]);
});

test('what would be wrong with a wire that fits is said before it is there', () => {
  const edge = edgeBetween(output('second', 'tokens'), input('language', 'visual'));
  const follows = consequence(checked, connectEdits(checked, edge), catalogue);
  expect(follows).toMatchObject({ code: 'dimension-mismatch', node: 'language', port: 'visual' });
  expect(graph.edges).toHaveLength(5);
});

test('the dialog lists every port on the other side, those that fit first', () => {
  const choices = connectChoices(checked, output('encoder', 'tokens'), '');
  expect(choices).toHaveLength(allPorts(checked).filter(({ side }) => side === 'inputs').length);
  const fitting = choices.filter(({ refusal }) => refusal === null);
  expect(choices.slice(0, fitting.length)).toEqual(fitting);
  expect(fitting.map(({ place, replaces }) => [place.node, replaces])).toEqual([
    ['language', false],
    ['second', true],
  ]);
  const found = connectChoices(checked, output('encoder', 'tokens'), 'LANG vis');
  expect(found.map(({ place }) => place.port)).toEqual(['visual']);
});
