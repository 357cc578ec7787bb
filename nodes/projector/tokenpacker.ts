/** TokenPacker: each token of a coarse picture is filled with the detail of the fine patches that it covers. */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { knownCount, type Grid, type WireOf } from '#engine/node/wire.ts';
import { attend } from '#engine/onnx/blocks/attention.ts';
import {
  joinedProjections,
  type QueryKeyValue,
} from '#engine/onnx/blocks/attention-projections.ts';
import { dropPrefix, mapToTokens, tokensToMap } from '#engine/onnx/blocks/feature-map.ts';
import { linear, linearWith } from '#engine/onnx/blocks/linear.ts';
import { norm, type Norm } from '#engine/onnx/blocks/norm.ts';
import { resizeMap } from '#engine/onnx/blocks/resize.ts';
import { cutWindows } from '#engine/onnx/blocks/windows.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { gelu } from '#engine/onnx/operators.ts';
import { reshape } from '#engine/onnx/shape-operators.ts';
import { fixedDim, multiplyDims, type Dim, type Value } from '#engine/onnx/value.ts';
import { samePictures, viewsPhrase } from '../tokens/other-pictures.ts';
import { gridOf } from '../tokens/grid.ts';
import { prefixedLayout } from './names/prefixed-layout.ts';
import { headProblem, projectorWidths, widthParams } from '../tokens/widths.ts';

const params = {
  ...widthParams,
  scale: {
    kind: 'integer',
    label: 'Scale',
    help: 'Patches along one side of what a token covers: 2, 3 or 4 leave 144, 64 or 36 of 576.',
    default: 2,
    min: 1,
    max: 64,
  },
  innerWidth: {
    kind: 'integer',
    label: 'Inner width',
    help: 'Channels in which the coarse and the fine meet.',
    default: 1024,
    min: 1,
    max: 65_536,
  },
  headCount: {
    kind: 'integer',
    label: 'Heads',
    help: 'Heads of attention.',
    default: 8,
    min: 1,
    max: 1024,
  },
  ...weightParams,
} as const;

type TokenPackerParams = ParamValues<typeof params>;

const kind: Norm = { kind: 'layer', epsilon: 1e-6 };

const keyLayouts = [
  prefixedLayout('projector alone', ''),
  prefixedLayout('TokenPacker', 'model.mm_projector.'),
];

export const tokenpacker = defineNode({
  type: 'projector/tokenpacker',
  version: 1,
  family: 'projector',
  title: 'TokenPacker',
  about:
    'Shrinks the grid of patches to a coarse one, then lets each coarse token look at the few fine patches that it ' +
    'covers, as several layers of the encoder saw them, and take their detail in. A quarter to a sixteenth of the ' +
    'tokens is left, in order on a grid, and no token looks beyond its own cell, so that it costs little. Wire the ' +
    "tokens of an encoder to the first input, its tokens of several layers to the second: layers 12, 16, 22 and 23 of CLIP's 24.",
  references: [
    {
      title: 'TokenPacker: Efficient Visual Projector for Multimodal LLM',
      url: 'https://arxiv.org/abs/2407.02392',
    },
  ],
  params,
  inputs: {
    tokens: { kind: 'tokens', title: 'Visual tokens' },
    levels: { kind: 'tokens', title: 'Tokens of several layers' },
  },
  outputs: { tokens: { kind: 'tokens', title: 'Packed tokens' } },
  keyLayouts: () => keyLayouts,
  demand: ({ params: { inputWidth } }) => ({ tokens: { channels: inputWidth ?? undefined } }),
  infer({ id, params: values, inputs: { tokens, levels }, demands }) {
    const widths = projectorWidths(id, values, tokens, demands.tokens);
    if (!widths.ok) return widths;
    const grid = gridOf('TokenPacker', tokens);
    if (!grid.ok) return grid;
    const coarse = coarseGrid(values, grid.value);
    if (!coarse.ok) return coarse;
    const levelled = checkLevels(tokens, levels);
    if (!levelled.ok) return levelled;
    const { rows, columns } = coarse.value;
    return ok({
      outputs: {
        tokens: {
          ...tokens,
          channels: widths.value.output,
          count: knownCount(rows * columns),
          prefixTokens: 0,
          grid: coarse.value,
        },
      },
      found: { grid: grid.value, coarse: coarse.value },
    });
  },
  summary: ({ scale }) => `${scale} × ${scale} patches a token`,
  body: {
    kind: 'onnx',
    emit(g, { tokens, levels }, { params: values, inputs, outputs, found: { grid, coarse } }) {
      const { innerWidth, scale } = values;
      const single = dropPrefix(g, tokens, inputs.tokens.prefixTokens); // [views, N, D]
      const several = dropPrefix(g, levels, inputs.levels.prefixTokens); // [views, N, levels · D]
      const query = coarseQueries(g, single, grid, coarse, innerWidth); // [views, M, E]
      const cells = (part: 'k' | 'v') => cellsOf(g, several, part, { grid, innerWidth, scale }); // [views · M, s², E]
      const packed = pack(g, { query, key: cells('k'), value: cells('v') }, values);
      const output = outputs.tokens.channels;
      const wide = linear(g, packed, 'mlp.0', { inputs: innerWidth, outputs: output, bias: true });
      const active = gelu(g, wide, 'none'); // [views, M, out]
      const square = { inputs: output, outputs: output, bias: true };
      return { tokens: linear(g, active, 'mlp.2', square) };
    },
  },
});

/** The grid that is left, or why the patches do not divide into cells. */
function coarseGrid(
  { scale, innerWidth, headCount }: TokenPackerParams,
  { rows, columns }: Grid,
): Outcome<Grid> {
  const heads = headProblem(innerWidth, headCount);
  if (heads) return fail(heads);
  if (rows % scale === 0 && columns % scale === 0)
    return ok({ rows: rows / scale, columns: columns / scale });
  const message = `A ${rows} × ${columns} grid does not divide into cells of ${scale} × ${scale}; choose a scale that divides both sides.`;
  return fail(error('dimension-mismatch', message, { port: 'tokens', param: 'scale' }));
}

/** Do the tokens of several layers lie where those of the one layer lie? */
function checkLevels(tokens: WireOf<'tokens'>, levels: WireOf<'tokens'>): Outcome<null> {
  const at = { port: 'levels' };
  const grid = gridOf('TokenPacker', levels);
  if (!grid.ok) return fail(...grid.problems.map((problem) => ({ ...problem, ...at })));
  if (!samePictures(levels, tokens)) {
    const message = `The tokens of several layers come in ${viewsPhrase(levels)}, those of one layer in ${viewsPhrase(tokens)}; give both the same pictures.`;
    return fail(error('dimension-mismatch', message, at));
  }
  const size = ({ rows, columns }: Grid) => `${rows} × ${columns}`;
  const wanted = tokens.grid as Grid;
  if (size(grid.value) === size(wanted)) return ok(null);
  const message = `The tokens of several layers lie on a ${size(grid.value)} grid, those of one layer on ${size(wanted)}; take both from encoders that give the same grid.`;
  return fail(error('dimension-mismatch', message, at));
}

/** The picture made coarse, as queries. [views, N, D] → [views, M, E] */
function coarseQueries(
  g: GraphBuilder,
  tokens: Value,
  grid: Grid,
  coarse: Grid,
  innerWidth: number,
): Value {
  const map = tokensToMap(g, tokens, grid); // [views, D, rows, columns]
  const small = mapToTokens(g, resizeMap(g, map, coarse, { kernel: 'bilinear' }));
  const widths = { inputs: fixedDim(tokens, -1), outputs: innerWidth, bias: false };
  return norm(g, linear(g, small, 'q_proj_1', widths), 'ln_q_1', kind);
}

/** The patches of each cell together, as keys or values. [views, N, L] → [views · M, s², E] */
function cellsOf(
  g: GraphBuilder,
  levels: Value,
  part: 'k' | 'v',
  {
    grid,
    innerWidth,
    scale,
  }: { readonly grid: Grid; readonly innerWidth: number; readonly scale: number },
): Value {
  const name = `${part}_proj_1`;
  const inputs = fixedDim(levels, -1);
  const inner = linear(g, levels, `${name}.0`, { inputs, outputs: innerWidth, bias: true });
  const square = { inputs: innerWidth, outputs: innerWidth, bias: true };
  const outer = linear(g, gelu(g, inner, 'none'), `${name}.2`, square);
  const normed = norm(g, outer, `ln_${part}_1`, kind); // [views, N, E]
  const map = reshape(g, normed, [levels.shape[0] as Dim, grid.rows, grid.columns, innerWidth]);
  return cutWindows(g, map, { window: scale, shift: 0 });
}

/** Each query looks at its own cell only. [views, M, E], twice [views · M, s², E] → [views, M, E] */
function pack(
  g: GraphBuilder,
  { query, key, value }: QueryKeyValue<Value>,
  { innerWidth, headCount }: TokenPackerParams,
): Value {
  const names = { weight: 'clip_attn.in_proj_weight', bias: 'clip_attn.in_proj_bias' };
  const projections = joinedProjections(g, names, { hiddenSize: innerWidth, headCount });
  const [views, count] = query.shape as [Dim, number];
  const alone = reshape(g, query, [multiplyDims(count, views), 1, innerWidth]);
  const projected = {
    query: linearWith(g, alone, projections.query, 'query'),
    key: linearWith(g, key, projections.key, 'key'),
    value: linearWith(g, value, projections.value, 'value'),
  };
  const attended = attend(g, projected, { headCount }); // [views · M, 1, E]
  const square = { inputs: innerWidth, outputs: innerWidth, bias: true };
  const together = reshape(g, attended, [views, count, innerWidth]);
  return linear(g, together, 'clip_attn.out_proj', square);
}
