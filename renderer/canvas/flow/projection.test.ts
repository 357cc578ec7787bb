import { expect, test } from 'vitest';
import type { Edit } from '#engine/contract/edit.ts';
import { estimateGraph } from '#engine/estimate/estimate.ts';
import { applyEdits } from '#engine/graph/apply-edit.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { catalogue } from '#nodes/index.ts';
import { cardNode, noModels, projectModels, type Models } from './projection.ts';

const graph = sketchDocument(
  {
    image: ['input/image'],
    preprocess: ['vision/preprocess'],
    encoder: ['encoder/clip-vit', { model: 'vit-b32' }],
    projector: ['projector/mlp'],
    prompt: ['input/prompt', { text: 'What is it?' }],
    fastv: ['acceleration/fastv'],
    vtw: ['acceleration/vtw'],
    language: ['language/decoder'],
    answer: ['output/answer'],
  },
  [
    'image.image > preprocess.image',
    'preprocess.pixels > encoder.pixels',
    'encoder.tokens > projector.tokens',
    'projector.tokens > language.visual',
    'prompt.text > language.prompt',
    'fastv.part > language.acceleration',
    'vtw.part > language.acceleration',
    'language.answer > answer.answer',
  ],
);

function drawn(document: typeof graph, before: Models = noModels): Models {
  const checked = checkGraph(document, catalogue);
  const estimate = estimateGraph(checked);
  return projectModels(
    { checked, problems: checked.problems, estimate: estimate.ok ? estimate.value : null },
    before,
  );
}

function after(document: typeof graph, edits: readonly Edit[]): typeof graph {
  const applied = applyEdits(document, edits);
  if (!applied.ok) throw new Error(JSON.stringify(applied.problems));
  return applied.value.document;
}

const cardOf = ({ cards }: Models, id: string) => {
  const card = cards.find((candidate) => candidate.id === id);
  if (!card) throw new Error(`There is no card "${id}".`);
  return card;
};

test('a language model shows its parts, what it drops, and what it will cost', () => {
  const card = cardOf(drawn(graph), 'language');
  const titles = card.sockets.map(({ port, plugged }) => [
    port.title,
    plugged.map(({ title }) => title),
  ]);
  expect(titles).toEqual([
    ['Feed-forward parts', []],
    ['Acceleration parts', ['FastV', 'VTW']],
  ]);
  expect(card.rows.map(({ input, output }) => [input?.title, input?.shape, output?.title])).toEqual(
    [
      ['Visual tokens', '49 → 0', undefined],
      ['Prompt', null, 'Answer'],
    ],
  );
  expect(card.estimate?.lines).toHaveLength(2);
  expect(card.estimate?.lines[0]?.[0]).toMatch(/^est\. .*FLOP$/);
  // What a wire ends at lies where the row that names it does.
  const shown = card.geometry.ports.filter(({ isHidden }) => !isHidden);
  const places = shown.map(({ port, side, y }) => [port.name, side, y]);
  const levels = places.map(([, , y]) => y as number);
  expect(places.map(([name, side]) => `${name} ${side}`)).toEqual([
    'feedForward left',
    'acceleration left',
    'visual left',
    'prompt left',
    'answer right',
  ]);
  expect(levels).toEqual(levels.toSorted((a, b) => a - b));
  expect(levels[3]).toBe(levels[4]);
  // What changes weights is taken, but not spoken of before there is any.
  const hidden = card.geometry.ports.filter(({ isHidden }) => isHidden);
  expect(hidden.map(({ port }) => port.label)).toEqual(['Weight changes, input of Language model']);
});

test('a shape stands beside the name of the port that it is the shape of', () => {
  const { cards } = drawn(graph);
  const told = cards.flatMap(({ title, rows }) =>
    rows
      .filter(({ input, output }) => input?.shape ?? output?.shape)
      .map(({ input, output }) => [title, input?.title, output?.title]),
  );
  expect(told).toEqual(
    expect.arrayContaining([
      ['Preprocess', undefined, 'Pixels'],
      ['CLIP ViT', 'Pixels', undefined],
      ['CLIP ViT', undefined, 'Visual tokens'],
    ]),
  );
  expect(told.filter(([, input, output]) => input !== undefined && output !== undefined)).toEqual(
    [],
  );
});

test('an edit draws anew what it changes and nothing else', () => {
  const first = drawn(graph);
  const asked = after(graph, [{ type: 'set-param', id: 'prompt', param: 'text', value: 'Why?' }]);
  const second = drawn(asked, first);
  const changed = second.cards.filter((card, index) => card !== first.cards[index]);
  expect(changed.map(({ id }) => id)).toContain('prompt');
  // The language model counts the words of the prompt, so its estimate may have changed as well.
  expect(changed.filter(({ id }) => id !== 'prompt' && id !== 'language')).toEqual([]);
  expect(second.wires).toBe(first.wires);

  const moved = after(graph, [{ type: 'move-node', id: 'image', position: { x: 8, y: 8 } }]);
  expect(drawn(moved, first)).toBe(first);
  const card = cardOf(first, 'image');
  expect(cardNode(card, { x: 8, y: 8 }, false)).toBe(cardNode(card, { x: 8, y: 8 }, false));
  expect(cardNode(card, { x: 8, y: 8 }, true).data).toBe(
    cardNode(card, { x: 0, y: 0 }, false).data,
  );
});

test('Tab walks along the wires, the main line first', () => {
  expect(
    drawn(graph)
      .cards.map(({ id }) => id)
      .join(' '),
  ).toBe('image preprocess encoder projector prompt fastv vtw language answer');
  const circle = sketchDocument(
    { a: ['compression/average-pool'], b: ['compression/average-pool'] },
    ['a.tokens > b.tokens', 'b.tokens > a.tokens'],
  );
  expect(drawn(circle).cards).toHaveLength(2);
});

test('what is broken is still drawn: unknown nodes, unknown ports, wires that do not fit', () => {
  const broken = sketchDocument(
    {
      future: ['encoder/from-tomorrow', { depth: 3 }],
      projector: ['projector/linear', { outputWidth: 64 }],
      prompt: ['input/prompt'],
    },
    [
      'future.tokens > projector.tokens',
      'prompt.text > projector.tokens',
      'prompt.nothing > future.in',
    ],
  );
  const { cards, wires } = drawn(broken);
  const future = cardOf({ cards, wires }, 'future');
  expect(future).toMatchObject({ title: 'encoder/from-tomorrow', family: null, summary: null });
  expect(future.problem?.code).toBe('node-unknown');
  expect(future.geometry.ports.map(({ port, side }) => [port.name, side, port.isWired])).toEqual([
    ['in', 'left', true],
    ['tokens', 'right', true],
  ]);
  expect(wires.map(({ id, problem }) => [id, problem?.code])).toEqual([
    ['future.tokens>projector.tokens', undefined],
    ['prompt.text>projector.tokens', 'wire-kind'],
    ['prompt.nothing>future.in', 'port-unknown'],
  ]);
});

test('wires say what they carry and grow slowly with it', () => {
  const { wires } = drawn(graph);
  const tokens = wires.find(({ id }) => id === 'encoder.tokens>projector.tokens');
  expect(tokens).toMatchObject({ text: '49 × 768', shortText: '49', family: 'encoder' });
  expect(tokens?.label).toBe(
    'CLIP ViT to MLP projector: 49 visual tokens × 768 channels, 7 × 7 grid',
  );
  const pixels = wires.find(({ id }) => id === 'preprocess.pixels>encoder.pixels');
  expect(pixels).toMatchObject({ text: '3 × 224 × 224', shortText: '3×224²' });
  expect(tokens?.widthPx).toBeGreaterThan(pixels?.widthPx ?? 9);
  expect(tokens?.widthPx).toBeLessThan(3);
});
