import { describe, expect, it } from 'vitest';
import { catalogue } from '#nodes/index.ts';
import type { GraphDocument } from '../contract/document.ts';
import { checkGraph } from '../graph/check.ts';
import { sketchDocument, type NodeSketch } from '../graph/sketch-document.ts';
import { segmentLengths } from '../node/segments.ts';
import type { LanguageModelStep } from '../node/host-step.ts';
import type { StageModel } from '../onnx/model.ts';
import type { MeasuredCount } from './node-body.ts';
import { planGraph, type Plan } from './plan.ts';

/** The Shapes models at two seeds, with experts and FastV, and a branch that leads to no answer. */
const nodes = {
  answer: ['output/answer'],
  stray: ['encoder/clip-vit', { model: 'shapes-llava' }],
  language: ['language/decoder', { model: 'shapes-llava', weights: { kind: 'random', seed: 1 } }],
  experts: [
    'moe/feed-forward',
    { experts: 2, topK: 1, precision: 'int4', weights: { kind: 'random', seed: 2 } },
  ],
  fastv: ['acceleration/fastv', { layer: 2, ratio: 0.25 }],
  prompt: ['input/prompt', { text: 'What is it?' }],
  projector: ['projector/mlp', { precision: 'w8a8' }],
  encoder: ['encoder/clip-vit', { model: 'shapes-llava' }],
  preprocess: ['vision/preprocess'],
  image: ['input/image'],
} satisfies Record<string, NodeSketch>;

const wires = [
  'image.image > preprocess.image',
  'preprocess.pixels > encoder.pixels',
  'preprocess.pixels > stray.pixels',
  'encoder.tokens > projector.tokens',
  'projector.tokens > language.visual',
  'prompt.text > language.prompt',
  'experts.part > language.feedForward',
  'fastv.part > language.acceleration',
  'language.answer > answer.answer',
];

const graph = sketchDocument(nodes, wires);
const ids = ({ stages }: Plan) => stages.map(({ id }) => id);

describe('a plan', () => {
  const { stages } = plan(graph);
  const stage = (id: string) => stages.find((other) => other.id === id)!;

  it('runs what leads to an answer, each after what it reads, and neither parts nor strays', () => {
    expect(ids({ stages })).toEqual([
      'prompt',
      'image',
      'preprocess',
      'encoder',
      'projector',
      'language',
      'answer',
    ]);
    expect(stage('language').inputs).toEqual({
      visual: [{ stage: 'projector', port: 'tokens' }],
      prompt: [{ stage: 'prompt', port: 'text' }],
    });
    expect(stages.map(({ precision, weights }) => [precision, weights])).toEqual([
      [null, null],
      [null, null],
      [null, null],
      ['float32', 'random'],
      ['w8a8', 'random'],
      ['float32', 'random'],
      [null, null],
    ]);
  });

  it('builds parts into the node that they plug into, with weights of their own', () => {
    const { graphs, boundaries } = languageStep({ stages });
    const { model: decoder } = graphs.decoder;
    expect(decoder.origins).toMatchObject([
      { node: 'language', source: { seed: 1 } },
      { node: 'experts', source: { seed: 2 } },
    ]);
    const expertWeights = decoder.weights.filter(({ expression }) =>
      JSON.stringify(expression).includes('.experts.'),
    );
    // Three matrices of two experts in every second of six layers, in blocks of four bits.
    expect(expertWeights).toHaveLength(3 * 2 * 3);
    for (const { expression, form } of expertWeights) {
      expect(expression).toMatchObject({ origin: 1 });
      expect(form).toEqual({ kind: 'blocks', bits: 4, blockSize: 32 });
    }
    const lengths = segmentLengths(boundaries, { fresh: 150, visual: 144 }, []);
    expect(lengths.map(({ fresh, visual }) => [fresh, visual])).toEqual([
      [150, 144],
      [114, 108],
    ]);
    // Each of the two experts sees half of the tokens.
    expect(graphs.decoder.dims(lengths)).toMatchObject({ sequence1: 114 });
    expect(JSON.stringify(decoder.work)).toContain('0.5·sequence1');
    expect(decoder.inputs.map(({ name }) => name)).toContain('keptVisual.0');
  });

  it('stores what is multiplied as its precision says', () => {
    const body = stage('projector').body as { readonly model: StageModel };
    expect(
      body.model.weights.map(({ form, initializers }) => [form.kind, initializers.length]),
    ).toEqual([
      ['channels', 2],
      ['float32', 1],
      ['channels', 2],
      ['float32', 1],
    ]);
  });

  it('of the same graph without parts is the plain model', () => {
    const plain = plan(
      sketchDocument(
        nodes,
        wires.filter((wire) => !wire.includes('part')),
      ),
    );
    const { graphs, boundaries } = languageStep(plain);
    expect(graphs.decoder.model.origins).toHaveLength(1);
    expect(boundaries).toEqual([]);
  });

  it('knows the sizes that only a run can tell, expected at first, then as measured', () => {
    const pruned = sketchDocument(
      {
        ...nodes,
        prune: ['compression/prumerge', { neighbours: 8 }],
        encoder: ['encoder/clip-vit', { model: 'shapes-llava' }],
      },
      [
        ...wires.slice(0, 3),
        'encoder.tokens > prune.tokens',
        'encoder.queryKey > prune.queryKey',
        'prune.tokens > projector.tokens',
        ...wires.slice(4),
      ],
    );
    const { stages: all } = plan(pruned);
    const dims = (id: string, counts?: Record<string, MeasuredCount>) => {
      const body = all.find((other) => other.id === id)?.body;
      return body?.kind === 'onnx' ? body.dims(counts) : null;
    };
    const expected = Math.round(144 * 0.069) + 1;
    expect(dims('prune')).toMatchObject({ tokensCount: expected, selected: expected - 1 });
    expect(dims('prune', { tokens: { views: 1, tokens: 30 } })).toMatchObject({
      tokensCount: 30,
      selected: 29,
    });
    expect(dims('projector', { tokens: { views: 1, tokens: 30 } })).toEqual({ tokensCount: 30 });
  });

  it('counts the frames of one clip in each run that takes one, expected and measured', () => {
    const clips = sketchDocument(
      {
        clip: ['input/video', { frames: 4 }],
        second: ['input/video', { frames: 4 }],
        shape: ['vision/preprocess'],
        encoder: ['encoder/clip-vit', { model: 'vit-l14' }],
        resampler: ['projector/perceiver-resampler'],
      },
      [
        'clip.frames > shape.image',
        'second.frames > shape.image',
        'shape.pixels > encoder.pixels',
        'encoder.tokens > resampler.tokens',
      ],
    );
    const body = plan(clips).stages.find(({ id }) => id === 'resampler')?.body;
    if (body?.kind !== 'onnx') throw new Error('The resampler is no graph.');
    const seen = { views: 4, seen: 4 * 256, contextAndLatents: 4 * 256 + 64 };
    expect(body.expectedRuns).toBe(2);
    expect(body.dims()).toMatchObject(seen);
    expect(body.dims({ tokens: { views: 4, tokens: 256 } })).toMatchObject(seen);
  });
});

describe('a plan up to a node', () => {
  it('runs what leads to that node, be it on the way to the answer or not', () => {
    expect(ids(plan(graph, 'projector'))).toEqual(['image', 'preprocess', 'encoder', 'projector']);
    expect(ids(plan(graph, 'stray'))).toEqual(['image', 'preprocess', 'stray']);
  });

  it('asks nothing of what does not lead there, while a whole graph has to be free of errors', () => {
    const unfinished = { ...graph, edges: graph.edges.filter(({ to }) => to.node !== 'projector') };
    expect(ids(plan(unfinished, 'encoder'))).toEqual(['image', 'preprocess', 'encoder']);
    for (const until of ['projector', 'answer', undefined]) {
      expect(planGraph(checkGraph(unfinished, catalogue), until ? { until } : {})).toMatchObject({
        ok: false,
        problems: [{ code: 'input-missing', node: 'projector' }],
      });
    }
  });

  it.each([
    ['constructor', 'node-unknown', 'There is no node "constructor" to run up to.'],
    ['fastv', 'arrangement-unsupported', '"fastv" is a part of the node that it plugs into'],
  ])('fails where that is %s', (until, code, says) => {
    expect(planGraph(checkGraph(graph, catalogue), { until })).toMatchObject({
      ok: false,
      problems: [{ code, node: until, message: expect.stringContaining(says) }],
    });
  });
});

describe('a graph without an answer', () => {
  it('runs every end that it has', () => {
    const open = sketchDocument(nodes, wires.slice(0, -1));
    const { answer: _, ...rest } = open.nodes;
    const ends = ids(plan({ ...open, nodes: rest }));
    expect(ends.toSorted()).toEqual([
      'encoder',
      'image',
      'language',
      'preprocess',
      'projector',
      'prompt',
      'stray',
    ]);
  });

  it('fails where all that it has are parts', () => {
    const parts = checkGraph(sketchDocument({ fastv: ['acceleration/fastv'] }), catalogue);
    expect(planGraph(parts)).toMatchObject({ ok: false, problems: [{ code: 'output-missing' }] });
  });

  it('fails with the errors of a graph that has any, and not for a warning', () => {
    const wrong = {
      ...nodes,
      projector: ['projector/mlp', { depth: 0, mood: 1 }],
    } satisfies Record<string, NodeSketch>;
    expect(planGraph(checkGraph(sketchDocument(wrong, wires), catalogue))).toMatchObject({
      ok: false,
      problems: [{ code: 'param-invalid', node: 'projector', param: 'depth' }],
    });
    const odd = { ...nodes, projector: ['projector/mlp', { mood: 1 }] } satisfies Record<
      string,
      NodeSketch
    >;
    expect(planGraph(checkGraph(sketchDocument(odd, wires), catalogue)).ok).toBe(true);
  });
});

function plan(document: GraphDocument, until?: string): Plan {
  const planned = planGraph(checkGraph(document, catalogue), until === undefined ? {} : { until });
  if (!planned.ok) throw new Error(JSON.stringify(planned.problems));
  return planned.value;
}

function languageStep({ stages }: Plan): LanguageModelStep {
  const body = stages.find(({ id }) => id === 'language')?.body;
  if (body?.kind !== 'host' || body.step.kind !== 'generate') throw new Error('No language model.');
  return body.step;
}
