/** One layer of cross-attention: learned queries look at patches whose places are sines and cosines of two axes. */
import type { Grid } from '#engine/node/wire.ts';
import { attend } from '#engine/onnx/blocks/attention.ts';
import { joinedProjections } from '#engine/onnx/blocks/attention-projections.ts';
import { linear, linearWith } from '#engine/onnx/blocks/linear.ts';
import { norm, type Norm } from '#engine/onnx/blocks/norm.ts';
import { positionTable, sineCosinePositions } from '#engine/onnx/blocks/position-table.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { add, matmul } from '#engine/onnx/operators.ts';
import { repeatAs } from '#engine/onnx/shape-operators.ts';
import { fixedDim, type Value } from '#engine/onnx/value.ts';
import type { WeightExpression } from '#engine/onnx/weight.ts';

/** The figures of a resampler, by the names of its parameters. */
export interface ResamplerShape {
  readonly queryCount: number;
  readonly hiddenSize: number;
  readonly headCount: number;
  /** Does each query look from a place on a square grid of their own? */
  readonly queryPlaces: boolean;
  /** Patches lie on the square of the queries, stretched over the picture, or at their own row and column. */
  readonly patchPlaces: 'stretched' | 'counted';
}

/** Is there a table of the square that the queries lie on? */
export const hasTable = ({ queryPlaces, patchPlaces }: ResamplerShape): boolean =>
  queryPlaces || patchPlaces === 'stretched';

const kind: Norm = { kind: 'layer', epsilon: 1e-6 };

/**
 * patches [views, N, Dv] → [views, Q, D]. Source: Qwen-VL (monkey_model/visual.py), MiniCPM-V (resampler.py), LLaVA-UHD
 * (multimodal_projector/resampler.py).
 */
export function resample(
  g: GraphBuilder,
  patches: Value,
  shape: ResamplerShape,
  grid: Grid,
): Value {
  const seen = norm(g, widened(g, patches, shape), 'ln_kv', kind); // [views, N, D]
  const normed = norm(g, look(g, seen, shape, grid), 'ln_post', kind); // [views, Q, D]
  // Stored with its inputs as rows, so that it multiplies from the right as it is, in float32.
  const proj = g.weight(g.tensor('proj', [shape.hiddenSize, shape.hiddenSize], 'matrix'));
  return g.scope('proj', () => matmul(g, normed, proj));
}

/** Where the encoder is as wide as the language model, there is no matrix. [views, N, Dv] → [views, N, D] */
function widened(g: GraphBuilder, patches: Value, { hiddenSize }: ResamplerShape): Value {
  const inputs = fixedDim(patches, -1);
  if (inputs === hiddenSize) return patches;
  return linear(g, patches, 'kv_proj', { inputs, outputs: hiddenSize, bias: false });
}

/** Places go to queries and keys, never to values. [views, N, D] → [views, Q, D] */
function look(g: GraphBuilder, seen: Value, shape: ResamplerShape, grid: Grid): Value {
  const { hiddenSize, headCount, queryCount } = shape;
  const names = { weight: 'attn.in_proj_weight', bias: 'attn.in_proj_bias' };
  const { query, key, value } = joinedProjections(g, names, { hiddenSize, headCount });
  const learned: WeightExpression = {
    kind: 'reshape',
    of: g.tensor('query', [queryCount, hiddenSize], 'embedding'),
    shape: [1, queryCount, hiddenSize],
  };
  const asked = norm(g, g.weight(learned), 'ln_q', kind);
  const placed = shape.queryPlaces ? add(g, asked, g.weight(storedTable(g, shape))) : asked;
  // The same for all views, so that they are projected once.
  const queries = repeatAs(g, linearWith(g, placed, query, 'query'), 0, seen, 0);
  const keys = add(g, seen, g.weight(patchTable(g, shape, grid)));
  const attended = attend(
    g,
    {
      query: queries,
      key: linearWith(g, keys, key, 'key'),
      value: linearWith(g, seen, value, 'value'),
    },
    { headCount },
  );
  const square = { inputs: hiddenSize, outputs: hiddenSize, bias: true };
  return linear(g, attended, 'attn.out_proj', square);
}

/** [Q, D], of the square of the queries. */
const storedTable = (g: GraphBuilder, { queryCount, hiddenSize }: ResamplerShape) =>
  g.tensor('pos_embed', [queryCount, hiddenSize], 'embedding');

/** [N, D] */
function patchTable(g: GraphBuilder, shape: ResamplerShape, grid: Grid): WeightExpression {
  if (shape.patchPlaces === 'counted') return sineCosinePositions(grid, shape.hiddenSize);
  const side = Math.sqrt(shape.queryCount);
  const trained = { rows: side, columns: side };
  const of = storedTable(g, shape);
  return positionTable({ of, prefixTokens: 0, trained, kernel: 'bicubic', antialias: false }, grid);
}
