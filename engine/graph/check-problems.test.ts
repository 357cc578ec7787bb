import { describe, expect, it } from 'vitest';
import { catalogue } from '#nodes/index.ts';
import type { GraphDocument } from '../contract/document.ts';
import { problemCodes, type Problem, type ProblemCode } from '../contract/problem.ts';
import { planGraph } from '../plan/plan.ts';
import { applyEdits } from './apply-edit.ts';
import { checkGraph } from './check.ts';
import { sketchDocument, type NodeSketch } from './sketch-document.ts';

type Sketches = Readonly<Record<string, NodeSketch>>;

/** From a picture to visual tokens. */
const eyes = {
  image: ['input/image'],
  preprocess: ['vision/preprocess'],
  encoder: ['encoder/clip-vit'],
} satisfies Sketches;
const eyeWires = ['image.image > preprocess.image', 'preprocess.pixels > encoder.pixels'];

/** From visual tokens to an answer: TinyLlama, 2048 channels. */
const voice = {
  prompt: ['input/prompt'],
  language: ['language/decoder'],
  answer: ['output/answer'],
} satisfies Sketches;
const voiceWires = ['prompt.text > language.prompt', 'language.answer > answer.answer'];

/** Both, with something between. */
function llava(between: Sketches, wires: readonly string[]): GraphDocument {
  return sketchDocument({ ...eyes, ...between, ...voice }, [...eyeWires, ...wires, ...voiceWires]);
}

const projected = (projector: NodeSketch) =>
  llava({ projector }, ['encoder.tokens > projector.tokens', 'projector.tokens > language.visual']);

interface Finding {
  readonly of: string;
  readonly document: GraphDocument;
  readonly code: ProblemCode;
  /** Node, port and parameter. */
  readonly place: Pick<Problem, 'node' | 'port' | 'param'>;
  readonly says: string;
  /** Title of the mend, where there is one. */
  readonly mend?: string;
}

const twoEyes = sketchDocument(
  { ...eyes, second: ['encoder/siglip'], pool: ['compression/average-pool'] },
  [...eyeWires, 'encoder.tokens > pool.tokens', 'second.tokens > pool.tokens'],
);

const findings: readonly Finding[] = [
  {
    of: 'a node type that nobody knows',
    document: sketchDocument({ tracker: ['vision/tracker', { window: 5 }] }),
    code: 'node-unknown',
    place: { node: 'tracker' },
    says: '"vision/tracker" is not a node of this version; update Patchbay, or replace the node.',
  },
  {
    of: 'a node that a newer Patchbay wrote',
    document: newer(sketchDocument({ answer: ['output/answer'] }), 'answer'),
    code: 'node-newer',
    place: { node: 'answer' },
    says: 'This Answer was saved by a newer Patchbay (node version 2, known: 1)',
  },
  {
    of: 'a wire from a port that is not there',
    document: sketchDocument(eyes, ['image.depth > preprocess.image', ...eyeWires.slice(1)]),
    code: 'port-unknown',
    place: { node: 'image', port: 'depth' },
    says: 'Image has no output "depth"',
    mend: 'Remove the wire',
  },
  {
    of: 'a wire to a port that is not there',
    document: sketchDocument(eyes, [...eyeWires, 'image.image > encoder.hint']),
    code: 'port-unknown',
    place: { node: 'encoder', port: 'hint' },
    says: 'CLIP ViT has no input "hint"',
    mend: 'Remove the wire',
  },
  {
    of: 'a parameter that the node does not have',
    document: sketchDocument({ image: ['input/image', { mood: 'calm' }] }),
    code: 'param-unknown',
    place: { node: 'image', param: 'mood' },
    says: 'Image has no parameter "mood"; it is kept but does nothing.',
    mend: 'Remove "mood"',
  },
  {
    of: 'a number outside its range',
    document: sketchDocument({ fastv: ['acceleration/fastv', { ratio: 1.5 }] }),
    code: 'param-invalid',
    place: { node: 'fastv', param: 'ratio' },
    says: 'Dropped share R must be a number from 0 to 1, not 1.5.',
    mend: 'Set dropped share r to 1',
  },
  {
    of: 'a part of a layer',
    document: sketchDocument({ fastv: ['acceleration/fastv', { layer: 2.6 }] }),
    code: 'param-invalid',
    place: { node: 'fastv', param: 'layer' },
    says: 'Layer K must be a whole number from 1 to 511, not 2.6.',
    mend: 'Set layer k to 3',
  },
  {
    of: 'a choice that there is not',
    document: sketchDocument({ moe: ['moe/feed-forward', { layers: 'odd' }] }),
    code: 'param-invalid',
    place: { node: 'moe', param: 'layers' },
    says: 'Layers must be one of all, every-second, first-half, second-half, from-on, listed, not "odd".',
  },
  {
    of: 'a switch that is neither on nor off',
    document: sketchDocument({ moe: ['moe/feed-forward', { renormalise: 1 }] }),
    code: 'param-invalid',
    place: { node: 'moe', param: 'renormalise' },
    says: 'Renormalise must be on or off, not 1.',
  },
  {
    of: 'a prompt that is no text',
    document: sketchDocument({ prompt: ['input/prompt', { text: null }] }),
    code: 'param-invalid',
    place: { node: 'prompt', param: 'text' },
    says: 'Prompt must be text, not null.',
  },
  {
    of: 'a picture from nowhere',
    document: sketchDocument({ image: ['input/image', { source: { kind: 'scene', seed: -1 } }] }),
    code: 'param-invalid',
    place: { node: 'image', param: 'source' },
    says: 'Picture must be a file by its path, a sample by its name, a scene by its seed, or none',
  },
  {
    of: 'weights from nowhere',
    document: sketchDocument({ moe: ['moe/feed-forward', { weights: { kind: 'checkpoint' } }] }),
    code: 'param-invalid',
    place: { node: 'moe', param: 'weights' },
    says: 'Weights must be random by a seed, or a checkpoint by its folder',
  },
  {
    of: 'a projector before nothing that tells its width',
    document: sketchDocument({ ...eyes, projector: ['projector/mlp'] }, [
      ...eyeWires,
      'encoder.tokens > projector.tokens',
    ]),
    code: 'param-invalid',
    place: { node: 'projector', param: 'outputWidth' },
    says: 'wire the projector to a language model, or type the width.',
  },
  {
    of: 'a wire between ports of different kinds',
    document: sketchDocument(eyes, [...eyeWires.slice(0, 1), 'image.image > encoder.pixels']),
    code: 'wire-kind',
    place: { node: 'encoder', port: 'pixels' },
    says: '"Pixels" takes pixels, "Image" gives image; wire ports of the same kind.',
    mend: 'Remove the wire',
  },
  {
    of: 'a wire from a node that is gone',
    document: sketchDocument(eyes, [...eyeWires, 'fovea.tokens > encoder.hint']),
    code: 'wire-dangling',
    place: {},
    says: '"fovea", which is not in the graph; remove the wire.',
    mend: 'Remove the wire',
  },
  {
    of: 'two wires to one input',
    document: twoEyes,
    code: 'input-taken',
    place: { node: 'pool', port: 'tokens' },
    says: '"Visual tokens" already has a wire; an input takes one.',
    mend: 'Remove the wire',
  },
  {
    of: 'an encoder that sees nothing',
    document: sketchDocument({ encoder: ['encoder/clip-vit'] }),
    code: 'input-missing',
    place: { node: 'encoder', port: 'pixels' },
    says: 'CLIP ViT needs its input "Pixels"; wire something to it.',
  },
  {
    of: 'nodes that feed each other',
    document: sketchDocument(
      { a: ['compression/average-pool'], b: ['compression/pixel-shuffle'] },
      ['a.tokens > b.tokens', 'b.tokens > a.tokens'],
    ),
    code: 'cycle',
    place: { node: 'a' },
    says: 'These nodes feed each other in a circle: a → b → a; remove one of the wires.',
  },
  {
    of: 'a projector for another encoder',
    document: projected(['projector/mlp', { inputWidth: 1152 }]),
    code: 'dimension-mismatch',
    place: { node: 'projector', port: 'tokens', param: 'inputWidth' },
    says: 'The projector expects 1152 channels, its input gives 1024; set the input width to 1024.',
    mend: 'Set the input width to 1024',
  },
  {
    of: 'a projector for another language model',
    document: projected(['projector/linear', { outputWidth: 4096 }]),
    code: 'dimension-mismatch',
    place: { node: 'projector', param: 'outputWidth' },
    says: 'The projector gives 4096 channels, what follows it reads 2048; set the output width to 2048.',
    mend: 'Set the output width to 2048',
  },
  {
    of: 'no projector at all',
    document: llava({}, ['encoder.tokens > language.visual']),
    code: 'dimension-mismatch',
    place: { node: 'language', port: 'visual' },
    says: 'reads tokens of 2048 channels, it is given 1024; put a projector with output width 2048',
  },
  {
    of: 'pictures of another size than the encoder sees',
    document: sketchDocument(
      { ...eyes, preprocess: ['vision/preprocess', { size: 224 }] },
      eyeWires,
    ),
    code: 'dimension-mismatch',
    place: { node: 'preprocess', param: 'size' },
    says: 'gives 224 pixels a side, the encoder sees 336; set the size to 336.',
    mend: 'Set the size to 336',
  },
  {
    of: 'a shuffle that does not divide the grid',
    document: sketchDocument({ ...eyes, shuffle: ['compression/pixel-shuffle', { factor: 5 }] }, [
      ...eyeWires,
      'encoder.tokens > shuffle.tokens',
    ]),
    code: 'dimension-mismatch',
    place: { node: 'shuffle', param: 'factor' },
    says: 'A 24 × 24 grid does not divide into groups of 5 × 5',
  },
  {
    of: 'a pooling of a single token',
    document: sketchDocument(
      {
        ...eyes,
        encoder: ['encoder/clip-vit', { select: 'pooled' }],
        pool: ['compression/average-pool'],
      },
      [...eyeWires, 'encoder.tokens > pool.tokens'],
    ),
    code: 'arrangement-unsupported',
    place: { node: 'pool', port: 'tokens' },
    says: 'Average pooling needs tokens that lie on a grid',
  },
  {
    of: 'a part for blocks that the encoder does not have',
    document: sketchDocument(
      { ...eyes, merging: ['compression/tome', { merged: '8 '.repeat(25) }] },
      [...eyeWires, 'merging.part > encoder.parts'],
    ),
    code: 'parts-conflict',
    place: { node: 'encoder', port: 'parts' },
    says: 'A part lists tokens for 25 blocks, this CLIP has 24; list 24 numbers at most',
  },
  {
    of: 'a layer deeper than the encoder',
    document: sketchDocument(
      { ...eyes, encoder: ['encoder/clip-vit', { featureLayer: -26 }] },
      eyeWires,
    ),
    code: 'arrangement-unsupported',
    place: { node: 'encoder', param: 'featureLayer' },
    says: 'CLIP has 24 layers; choose a feature layer from −25 to −1.',
  },
];

describe('a problem', () => {
  it.each(findings)('is found: $of', ({ document, code, place, says, mend }) => {
    const problem = find(document, code);
    const { node, port, param } = problem;
    expect({ node, port, param }).toEqual({
      node: undefined,
      port: undefined,
      param: undefined,
      ...place,
    });
    expect(problem.message).toContain(says);
    expect(problem.severity).toBe(code === 'param-unknown' ? 'warning' : 'error');
    expect(problem.mend?.title).toBe(mend);
    if (!problem.mend) return;
    const mended = applyEdits(document, problem.mend.edits);
    if (!mended.ok) throw new Error(JSON.stringify(mended.problems));
    const left = checkGraph(mended.value.document, catalogue).problems;
    expect(left.filter((other) => other.code === code)).toEqual([]);
  });

  it('of the graph has a case above for every code there is', () => {
    const codes = Object.keys(problemCodes) as ProblemCode[];
    const graphCodes = codes.slice(codes.indexOf('node-unknown'), codes.indexOf('output-missing'));
    expect(new Set(findings.map(({ code }) => code))).toEqual(new Set(graphCodes));
    // The check has nothing against an empty graph, only a run has.
    const empty = checkGraph(sketchDocument({}), catalogue);
    expect(empty.problems).toEqual([]);
    expect(planGraph(empty)).toMatchObject({ ok: false, problems: [{ code: 'output-missing' }] });
  });
});

function find(document: GraphDocument, code: ProblemCode): Problem {
  const { problems } = checkGraph(document, catalogue);
  const found = problems.filter((problem) => problem.code === code);
  if (found.length !== 1) throw new Error(`Not one ${code} but ${JSON.stringify(problems)}`);
  return found[0]!;
}

function newer(document: GraphDocument, id: string): GraphDocument {
  const node = document.nodes[id]!;
  return { ...document, nodes: { ...document.nodes, [id]: { ...node, version: 2 } } };
}
