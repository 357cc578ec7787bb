import { expect, test } from 'vitest';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument, type NodeSketch } from '#engine/graph/sketch-document.ts';
import { catalogue } from '#nodes/index.ts';
import { cardWidthPx } from '#renderer/canvas/card/card-geometry.ts';
import { projectModels, type Layout, type Models } from '#renderer/canvas/flow/projection.ts';
import { autoLayout, placesFor } from './auto-layout.ts';
import { moveEdits, placesOf } from './places.ts';

function modelsOf(document: ReturnType<typeof sketchDocument>): Models {
  const checked = checkGraph(document, catalogue);
  return projectModels({ checked, problems: [], estimate: null });
}

function overlaps({ cards }: Models, layout: Layout): readonly string[] {
  return cards.flatMap((a, index) =>
    cards.slice(index + 1).flatMap((b) => {
      const [p, q] = [layout[a.id], layout[b.id]];
      if (!p || !q) return `${a.id} or ${b.id} has no place`;
      const apart =
        Math.abs(p.x - q.x) >= cardWidthPx ||
        p.y + a.geometry.height <= q.y ||
        q.y + b.geometry.height <= p.y;
      return apart ? [] : `${a.id} over ${b.id}`;
    }),
  );
}

const pipeline = sketchDocument(
  {
    image: ['input/image'],
    preprocess: ['vision/preprocess'],
    encoder: ['encoder/clip-vit'],
    projector: ['projector/mlp'],
    prompt: ['input/prompt'],
    fastv: ['acceleration/fastv'],
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
    'language.answer > answer.answer',
  ],
);

test('a pipeline runs from left to right, its main line straight, with nothing on top of anything', () => {
  const models = modelsOf(pipeline);
  const layout = autoLayout(models);
  expect(overlaps(models, layout)).toEqual([]);
  for (const { edge } of models.wires)
    expect(layout[edge.from.node]?.x).toBeLessThan(layout[edge.to.node]?.x ?? 0);
  const portLevel = (id: string, port: string, side: string): number => {
    const card = models.cards.find((candidate) => candidate.id === id);
    const placed = card?.geometry.ports.find(
      (each) => each.port.name === port && each.port.side === side,
    );
    return (layout[id]?.y ?? 0) + (placed?.y ?? 0);
  };
  for (const [from, to] of [
    ['encoder.tokens', 'projector.tokens'],
    ['projector.tokens', 'language.visual'],
  ] as const) {
    const [a = '', b = ''] = from.split('.');
    const [c = '', d = ''] = to.split('.');
    expect(Math.abs(portLevel(a, b, 'outputs') - portLevel(c, d, 'inputs'))).toBeLessThanOrEqual(4);
  }
});

test('hundreds of nodes find room', () => {
  const nodes: Record<string, NodeSketch> = { encoder: ['encoder/clip-vit'] };
  const wires: string[] = [];
  for (let index = 0; index < 120; index++) {
    nodes[`pool-${index}`] = ['compression/average-pool'];
    const giver = index < 3 ? 'encoder' : `pool-${Math.floor(index / 3)}`;
    wires.push(`${giver}.tokens > pool-${index}.tokens`);
  }
  const models = modelsOf(sketchDocument(nodes, wires));
  expect(overlaps(models, autoLayout(models))).toEqual([]);
});

test('cards without a place are put below those that have one, and stay there until they are moved', () => {
  const half: typeof pipeline = { ...pipeline, layout: { image: { x: 80, y: 80 } } };
  const models = modelsOf(half);
  const fresh = placesFor(models, half.layout);
  expect(Object.keys(fresh)).not.toContain('image');
  for (const { y } of Object.values(fresh)) expect(y).toBeGreaterThan(80);

  const places = placesOf('a', half, models);
  const unwired = { ...half, edges: half.edges.slice(1) };
  expect(placesOf('a', unwired, modelsOf(unwired))).toEqual(places);

  const moved = moveEdits(half, places, { image: { x: 88, y: 80 } });
  expect(moved[0]).toEqual({ type: 'move-node', id: 'image', position: { x: 88, y: 80 } });
  expect(moved).toHaveLength(8);
});
