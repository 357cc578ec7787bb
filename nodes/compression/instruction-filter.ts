/** HRVDA's instruction filter: visual tokens hear the instruction, and those that it is not about are dropped. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { estimatedCount, knownCount, type TokenCount, type WireOf } from '#engine/node/wire.ts';
import { attend } from '#engine/onnx/blocks/attention.ts';
import {
  allBiased,
  projectAll,
  separateProjections,
} from '#engine/onnx/blocks/attention-projections.ts';
import { behindPrefix, dropPrefix } from '#engine/onnx/blocks/feature-map.ts';
import { linear } from '#engine/onnx/blocks/linear.ts';
import { norm, type Norm } from '#engine/onnx/blocks/norm.ts';
import { markKept } from '#engine/onnx/blocks/patch-marks.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { add, cast, floor, gelu, multiply, topK } from '#engine/onnx/operators.ts';
import { gather, lengthOf, reshape } from '#engine/onnx/shape-operators.ts';
import { fixedDim, type Dim, type Value } from '#engine/onnx/value.ts';
import type { KeyLayout } from '#engine/onnx/weight.ts';
import { headProblem } from '../tokens/widths.ts';

const params = {
  keptShare: {
    kind: 'number',
    label: 'Kept share',
    help: 'Of the visual tokens, so large a share stays, and one at least.',
    default: 0.5,
    min: 0.001,
    max: 1,
  },
  headCount: {
    kind: 'integer',
    label: 'Heads',
    help: 'Heads of the attention in which tokens hear the instruction.',
    default: 8,
    min: 1,
    max: 1024,
  },
  width: {
    kind: 'integer',
    label: 'Score width',
    help: 'Channels between the two linears that make a score of what was heard.',
    default: 256,
    min: 1,
    max: 65_536,
  },
  ...weightParams,
} as const;

type Values = ParamValues<typeof params>;

const layouts: readonly KeyLayout[] = [
  { title: 'filter alone', key: (name) => name, owns: () => true },
];

const layerNorm: Norm = { kind: 'layer', epsilon: 1e-5 };

export const instructionFilter = defineNode({
  type: 'compression/instruction-filter',
  version: 1,
  family: 'compression',
  title: 'HRVDA instruction filter',
  about:
    'A page answers many questions, and one is asked. Each visual token looks at the words of the instruction; what it heard ' +
    'gives it a score, and the best share of the tokens stays, in their order and as they came, so that the language model ' +
    'has less to read. Place it behind the projector, where tokens are as wide as words; it follows a content filter too. It ' +
    'has to be trained, and with random weights its choice means little. No code or checkpoint is published, and of the ' +
    'paper only the outline was at hand. Unverified are: how tokens and instruction are fused (here one layer of attention), ' +
    'how a score is made of it, that a share of them stays, how large it is, and that they leave as they came.',
  references: [
    {
      title: 'HRVDA: High-Resolution Visual Document Assistant',
      url: 'https://arxiv.org/abs/2404.06918',
    },
  ],
  params,
  inputs: {
    tokens: { kind: 'tokens', title: 'Visual tokens' },
    instruction: { kind: 'text-embeddings', title: 'Instruction' },
  },
  outputs: { tokens: { kind: 'tokens', title: 'Kept tokens' } },
  keyLayouts: () => layouts,
  demand: ({ demands }) => ({ tokens: demands.tokens }),
  infer({ params: { keptShare, headCount }, inputs: { tokens } }) {
    const heads = headProblem(tokens.channels, headCount);
    if (heads) return fail(heads);
    const count = keptOf(patchesOf(tokens), keptShare);
    return ok({ outputs: { tokens: { ...tokens, count, prefixTokens: 0, grid: null } } });
  },
  summary: ({ keptShare }) => `${Math.round(1000 * keptShare) / 10} % stay`,
  shows: [{ kind: 'kept-patches', tap: 'marks' }],
  body: {
    kind: 'onnx',
    // Which tokens stay differs from view to view.
    runsBy: 'view',
    // Both ports call their count alike, so that what comes in is told apart here.
    dims: ({ inputs: { tokens }, outputs }) => ({
      tokensCount: tokens.count.tokens,
      [behindPrefix('tokensCount', tokens.prefixTokens)]: patchesOf(tokens).tokens,
      keptCount: outputs.tokens.count.tokens,
    }),
    emit(g, inputs, { params: values, inputs: wires, outputs }) {
      const patches = dropPrefix(g, inputs.tokens, wires.tokens.prefixTokens); // [1, N, D]
      const heard = g.scope('fuse', () => hear(g, patches, inputs.instruction, values));
      const scores = g.scope('score', () => scoreOf(g, heard, values)); // [N]
      g.tap('scores', scores);
      const { count } = outputs.tokens;
      const kept = count.known ? g.list(count.tokens) : shareOf(g, patches, values.keptShare);
      const size = count.known ? count.tokens : 'keptCount';
      const best = topK(g, scores, kept, size).indices;
      const places = topK(g, best, kept, size, 'smallest').values; // [kept], in their order
      const { grid } = wires.tokens;
      if (grid) g.tapLater('marks', () => markKept(g, grid.rows * grid.columns, places));
      return { tokens: gather(g, patches, places, 1) };
    },
  },
});

/** Tokens behind the prefix. */
const patchesOf = ({ count, prefixTokens }: WireOf<'tokens'>): TokenCount => ({
  ...count,
  tokens: count.tokens - prefixTokens,
  most: count.most - prefixTokens,
});

function keptOf({ known, tokens, most }: TokenCount, share: number): TokenCount {
  const kept = (count: number) => Math.max(1, Math.floor(count * share + 0.5));
  return known ? knownCount(kept(tokens)) : estimatedCount(kept(tokens), kept(most));
}

/** As `keptOf`, of a count that only the run knows. → [] int64 */
function shareOf(g: GraphBuilder, patches: Value, share: number): Value {
  const count = cast(g, lengthOf(g, patches, 1), 'float32');
  const part = multiply(g, count, g.scalar('float32', share));
  const rounded = cast(g, floor(g, add(g, part, g.scalar('float32', 0.5))), 'int64');
  return g.op('Max', [rounded, g.scalar('int64', 1)], rounded);
}

/** Tokens [1, N, D] and what they hear of the instruction [1, T, C], added. → [1, N, D] */
function hear(g: GraphBuilder, patches: Value, instruction: Value, { headCount }: Values): Value {
  const hiddenSize = fixedDim(patches, 2);
  const heads = { hiddenSize, headCount, memorySize: fixedDim(instruction, 2) };
  const names = { query: 'fuse.query', key: 'fuse.key', value: 'fuse.value' };
  const asking = norm(g, patches, 'fuse.token_norm', layerNorm);
  const asked = norm(g, instruction, 'fuse.instruction_norm', layerNorm);
  const projections = separateProjections(g, names, heads, allBiased);
  const attended = attend(g, projectAll(g, asking, asked, projections), heads);
  const square = { inputs: hiddenSize, outputs: hiddenSize, bias: true };
  return add(g, patches, linear(g, attended, 'fuse.output', square));
}

/** [1, N, D] → [N] */
function scoreOf(g: GraphBuilder, heard: Value, { width }: Values): Value {
  const [, count, hiddenSize] = heard.shape as readonly [1, Dim, number];
  const normed = norm(g, heard, 'score.norm', layerNorm);
  const up = linear(g, normed, 'score.up', { inputs: hiddenSize, outputs: width, bias: true });
  const down = { inputs: width, outputs: 1, bias: true };
  return reshape(g, linear(g, gelu(g, up, 'none'), 'score.down', down), [count]);
}
