/** TextHawk's resampler: queries proposed by the picture itself look at several depths of the encoder, then go four in one. */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { knownCount, type Grid, type WireOf } from '#engine/node/wire.ts';
import { attend } from '#engine/onnx/blocks/attention.ts';
import {
  allBiased,
  projectAll,
  separateProjections,
} from '#engine/onnx/blocks/attention-projections.ts';
import { dropPrefix, mapToTokens, tokensToMap } from '#engine/onnx/blocks/feature-map.ts';
import { plainFeedForward } from '#engine/onnx/blocks/feed-forward.ts';
import { linear } from '#engine/onnx/blocks/linear.ts';
import { norm, type Norm } from '#engine/onnx/blocks/norm.ts';
import { maxPool } from '#engine/onnx/blocks/pooling.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { add } from '#engine/onnx/operators.ts';
import { reshape, split } from '#engine/onnx/shape-operators.ts';
import { fixedDim, type Dim, type Value } from '#engine/onnx/value.ts';
import type { KeyLayout } from '#engine/onnx/weight.ts';
import { samePictures } from '../tokens/other-pictures.ts';
import { headProblem, projectorWidths, widthParams } from '../tokens/widths.ts';
import { gridOf } from '../tokens/grid.ts';

const params = {
  outputWidth: widthParams.outputWidth,
  route: {
    kind: 'text',
    label: 'Route',
    help: "For each layer the depth that it looks at, counted from 0: first the encoder's layers side by side, then the wires. TextHawk takes layers 14, 18, 22 and 26 of SigLIP: several layers 14, 18, 22 and feature layer −2.",
    default: '3, 3, 3, 2, 2, 2, 1, 0',
    maxCharacters: 500,
    lines: 1,
  },
  headCount: {
    kind: 'integer',
    label: 'Heads',
    help: 'Heads of attention.',
    default: 16,
    min: 1,
    max: 1024,
  },
  joined: {
    kind: 'integer',
    label: 'Tokens in one',
    help: 'How many tokens that follow one another become one wide one.',
    default: 4,
    min: 1,
    max: 64,
  },
  ...weightParams,
} as const;

const layouts: readonly KeyLayout[] = [
  { title: 'resampler alone', key: (name) => name, owns: () => true },
];

const layerNorm: Norm = { kind: 'layer', epsilon: 1e-6 };

export const texthawk = defineNode({
  type: 'compression/texthawk',
  version: 1,
  family: 'compression',
  title: 'TextHawk resampler',
  about:
    'For documents: sixteen tokens become one, in two steps. Queries are not learned once for all pictures but proposed by ' +
    'the tokens themselves, the largest of every 2 × 2. They look at the encoder layer by layer, first at what is deep, ' +
    'last at what is shallow, where strokes of letters still are. Then four that follow one another are joined to one. ' +
    'Unverified, because no code is published: where the norms are (here before each attention and on what it looks at), the ' +
    'number of heads, that a layer has no feed-forward, that the deepest tokens propose, and that the four are neighbours in ' +
    "a row. The paper's scalable positions are left out. No published checkpoint fits.",
  references: [
    {
      title:
        'TextHawk: Exploring Efficient Fine-Grained Perception of Multimodal Large Language Models',
      url: 'https://arxiv.org/abs/2404.09204',
    },
  ],
  params,
  inputs: {
    tokens: { kind: 'tokens', title: 'Visual tokens, shallow to deep', several: true },
    levels: { kind: 'tokens', title: 'Shallower layers, side by side', optional: true },
  },
  outputs: { tokens: { kind: 'tokens', title: 'Resampled tokens' } },
  keyLayouts: () => layouts,
  infer({ id, params: { outputWidth, route, headCount, joined }, inputs, demands }) {
    const [tokens] = inputs.tokens as readonly [WireOf<'tokens'>, ...WireOf<'tokens'>[]];
    const grid = gridOf("TextHawk's resampler", tokens);
    if (!grid.ok) return grid;
    const { levels } = inputs;
    const problem =
      stagesProblem(inputs.tokens, grid.value) ??
      (levels && levelsProblem(levels, tokens, grid.value)) ??
      sizesProblem(tokens, grid.value, headCount, joined);
    if (problem) return problem;
    const levelCount = levels ? levels.channels / tokens.channels : 0;
    const stages = readRoute(route, levelCount + inputs.tokens.length);
    if (!stages.ok) return stages;
    const widths = projectorWidths(id, { inputWidth: null, outputWidth }, tokens, demands.tokens);
    if (!widths.ok) return widths;
    const count = knownCount((grid.value.rows * grid.value.columns) / 4 / joined);
    const wire = { ...tokens, channels: widths.value.output, count, prefixTokens: 0, grid: null };
    return ok({ outputs: { tokens: wire }, found: { stages: stages.value, grid: grid.value } });
  },
  layers: ({ route }) => route.split(',').length,
  summary: ({ route, joined }) => `${route.split(',').length} layers · ${4 * joined} in one`,
  body: {
    kind: 'onnx',
    emit(g, inputs, { params: { headCount, joined }, inputs: wires, outputs, found }) {
      const wired = wires.tokens.flatMap(({ prefixTokens }, index) => {
        const tokens = inputs[`tokens.${index}`];
        return tokens ? [dropPrefix(g, tokens, prefixTokens)] : [];
      }); // [views, N, D] each
      const levels = inputs.levels && dropPrefix(g, inputs.levels, wires.levels?.prefixTokens ?? 0);
      const stages = [
        ...(levels ? apart(g, levels, wires.tokens[0]?.channels ?? 0) : []),
        ...wired,
      ];
      let queries = g.scope('propose', () => propose(g, stages.at(-1) as Value, found.grid));
      for (const [index, stage] of found.stages.entries())
        queries = g.scope(`layers.${index}`, () =>
          lookAt(g, queries, stages[stage] as Value, `layers.${index}`, headCount),
        );
      g.tap('queries', queries);
      const [views, count, width] = queries.shape as readonly [Dim, number, number];
      const wide = reshape(g, queries, [views, count / joined, joined * width]);
      const shape = { inputs: joined * width, outputs: outputs.tokens.channels, bias: true };
      return { tokens: linear(g, wide, 'rearrange', shape) };
    },
  },
});

/** Layers that lie side by side, each by itself. [views, N, layers · D] → [views, N, D] each */
function apart(g: GraphBuilder, levels: Value, channels: number): readonly Value[] {
  const count = fixedDim(levels, 2) / channels;
  if (count === 1) return [levels];
  return split(
    g,
    levels,
    2,
    Array.from({ length: count }, () => channels),
  );
}

/** Are these tokens of the same pictures, on the same grid? */
const liesBeside = (wire: WireOf<'tokens'>, first: WireOf<'tokens'>, grid: Grid): boolean =>
  wire.grid?.rows === grid.rows && wire.grid.columns === grid.columns && samePictures(wire, first);

/** Why the layers side by side are not those of the encoder that is wired, if they are not. */
function levelsProblem(levels: WireOf<'tokens'>, tokens: WireOf<'tokens'>, grid: Grid) {
  if (levels.channels % tokens.channels === 0 && liesBeside(levels, tokens, grid)) return null;
  const message = `The layers side by side are not of the encoder at wire 1, which gives ${tokens.channels} channels on a ${grid.rows} × ${grid.columns} grid; wire the second output of that encoder.`;
  return fail(error('dimension-mismatch', message, { port: 'levels' }));
}

/** Why the wires are not stages of one encoder, if they are not. */
function stagesProblem(wires: readonly WireOf<'tokens'>[], grid: Grid) {
  const [first] = wires as readonly [WireOf<'tokens'>];
  const other = wires.findIndex(
    (wire) => wire.channels !== first.channels || !liesBeside(wire, first, grid),
  );
  if (other < 0) return null;
  const message = `Wire ${other + 1} brings other tokens than wire 1; wire feature layers of the same encoder on the same picture.`;
  return fail(error('dimension-mismatch', message, { port: 'tokens' }));
}

function sizesProblem(
  { channels }: WireOf<'tokens'>,
  { rows, columns }: Grid,
  headCount: number,
  joined: number,
) {
  const heads = headProblem(channels, headCount);
  if (heads) return fail(heads);
  if (rows % 2 !== 0 || columns % 2 !== 0) {
    const message = `A ${rows} × ${columns} grid has no whole groups of 2 × 2; choose a picture size that gives an even grid.`;
    return fail(error('dimension-mismatch', message, { port: 'tokens' }));
  }
  const queries = (rows * columns) / 4;
  if (queries % joined !== 0) {
    const message = `${queries} queries do not go ${joined} in one; choose a number that divides them.`;
    return fail(error('dimension-mismatch', message, { param: 'joined' }));
  }
  return null;
}

/** For each layer the place of what it looks at. */
function readRoute(text: string, depths: number): Outcome<readonly number[]> {
  const words = text.split(',').map((word) => word.trim());
  const at = { param: 'route' };
  if (!words.every((word) => /^\d{1,3}$/.test(word))) {
    const message = `"${text}" is no list of depths; give a number from 0 for each layer, such as 1, 1, 0.`;
    return fail(error('param-invalid', message, at));
  }
  const stages = words.map(Number);
  const most = Math.max(...stages);
  if (most < depths) return ok(stages);
  const message = `The route looks at depth ${most}, counted from 0, and there ${depths === 1 ? 'is 1' : `are ${depths}`}; wire more feature layers, or shorten the route.`;
  return fail(error('dimension-mismatch', message, at));
}

/** Tokens through two layers, the largest of every 2 × 2, and one more layer. [views, N, D] → [views, N / 4, D] */
function propose(g: GraphBuilder, tokens: Value, grid: Grid): Value {
  const hiddenSize = fixedDim(tokens, 2);
  const shape = {
    hiddenSize,
    feedForwardSize: 4 * hiddenSize,
    activation: 'gelu',
    bias: true,
  } as const;
  const seen = plainFeedForward(g, tokens, { up: 'propose.up', down: 'propose.down' }, shape);
  const pooled = mapToTokens(g, maxPool(g, tokensToMap(g, seen, grid), { kernel: 2 }));
  return linear(g, pooled, 'propose.output', {
    inputs: hiddenSize,
    outputs: hiddenSize,
    bias: true,
  });
}

/** queries [views, M, D] + attention(norm(queries), norm(tokens)) */
function lookAt(
  g: GraphBuilder,
  queries: Value,
  tokens: Value,
  name: string,
  headCount: number,
): Value {
  const hiddenSize = fixedDim(queries, 2);
  const heads = { hiddenSize, headCount };
  const own = (part: string) => `${name}.${part}`;
  const names = { query: own('query'), key: own('key'), value: own('value') };
  const asking = norm(g, queries, own('query_norm'), layerNorm);
  const asked = norm(g, tokens, own('memory_norm'), layerNorm);
  const projections = separateProjections(g, names, heads, allBiased);
  const attended = attend(g, projectAll(g, asking, asked, projections), heads);
  const square = { inputs: hiddenSize, outputs: hiddenSize, bias: true };
  return add(g, queries, linear(g, attended, own('output'), square));
}
