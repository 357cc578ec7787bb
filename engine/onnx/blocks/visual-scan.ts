/**
 * The selective scan of a picture (VMamba's SS2D, arxiv.org/abs/2401.10166): its places are read as a sequence along
 * several routes, since no single one has an order that a picture has.
 */
import type { GraphBuilder } from '../graph-builder.ts';
import { add, multiply } from '../operators.ts';
import { reshape, split, transpose } from '../shape-operators.ts';
import type { Dim, Value } from '../value.ts';
import type { TableGrid, WeightExpression } from '../weight.ts';
import { depthwiseConvolution, samePadding } from './convolution.ts';
import { mapToTokens, tokensToMap } from './feature-map.ts';
import { activate } from './feed-forward.ts';
import { exactLinearWith, linear, matrixProduct } from './linear.ts';
import { norm } from './norm.ts';
import { emptyState, selectiveScan } from './selective-scan.ts';

/** Row by row there and back, or column by column too. */
export type ScanRoutes = 'bidirectional' | 'cross';

export interface VisualScanShape {
  /** Channels in and out. */
  readonly hiddenSize: number;
  /** Channels inside, each with a state for each route. */
  readonly innerSize: number;
  /** Numbers that each of them remembers. */
  readonly stateSize: number;
  /** Channels from which the time steps are made. */
  readonly stepRank: number;
  readonly routes: ScanRoutes;
}

const orders = { bidirectional: ['rows'], cross: ['rows', 'columns'] } as const;
const kernel = 3;

/**
 * [B, rows · columns, D] → the same. Inner channels look around by a depthwise convolution, go through one scan a
 * route, each with weights of its own, are added up, normed, and gated. `name` has `in_proj`, `conv2d`, `out_norm`,
 * `out_proj`, and one entry a route in `x_proj_weight`, `dt_projs_weight`, `dt_projs_bias`, `A_logs` and `Ds`: rows,
 * columns, then both reversed. Source: VMamba, vmamba.py (SS2Dv0).
 */
export function visualScan(
  g: GraphBuilder,
  tokens: Value,
  grid: TableGrid,
  name: string,
  shape: VisualScanShape,
): Value {
  const { hiddenSize, innerSize } = shape;
  return g.scope('scan', () => {
    const both = linear(g, tokens, `${name}.in_proj`, {
      inputs: hiddenSize,
      outputs: 2 * innerSize,
      bias: false,
    });
    const [inner, gate] = split(g, both, -1, [innerSize, innerSize]) as readonly [Value, Value];
    const around = { kernel, padding: samePadding(kernel), bias: true };
    const map = depthwiseConvolution(g, tokensToMap(g, inner, grid), `${name}.conv2d`, around);
    const seen = mapToTokens(g, activate(g, map, 'silu')); // [B, N, E]
    const scanned = orders[shape.routes]
      .map((order, index) => scanThereAndBack(g, seen, grid, { name, order, index }, shape))
      .reduce((sum, each) => add(g, sum, each));
    const normed = norm(g, scanned, `${name}.out_norm`, { kind: 'layer', epsilon: 1e-5 });
    const gated = multiply(g, normed, activate(g, gate, 'silu'));
    return linear(g, gated, `${name}.out_proj`, {
      inputs: innerSize,
      outputs: hiddenSize,
      bias: false,
    });
  });
}

interface Order {
  readonly name: string;
  readonly order: 'rows' | 'columns';
  readonly index: number;
}

/** x row by row, [B, N, E] → the sum of two scans, row by row. */
function scanThereAndBack(
  g: GraphBuilder,
  x: Value,
  grid: TableGrid,
  { name, order, index }: Order,
  shape: VisualScanShape,
): Value {
  const isTurned = order === 'columns';
  const sequence = isTurned ? turn(g, x, grid) : x;
  const back = index + orders[shape.routes].length;
  const sum = add(
    g,
    scanRoute(g, sequence, { name, index, reversed: false }, shape),
    scanRoute(g, sequence, { name, index: back, reversed: true }, shape),
  );
  return isTurned ? turn(g, sum, { rows: grid.columns, columns: grid.rows }) : sum;
}

/** Tokens row by row → column by column. [B, rows · columns, E] → [B, columns · rows, E] */
function turn(g: GraphBuilder, x: Value, { rows, columns }: TableGrid): Value {
  const [batch, , channels] = x.shape as [Dim, Dim, Dim];
  const places = reshape(g, x, [batch, rows, columns, channels]);
  return reshape(g, transpose(g, places, 0, 2, 1, 3), x.shape);
}

interface Route {
  readonly name: string;
  /** Which entry of the weights is its own. */
  readonly index: number;
  readonly reversed: boolean;
}

/** x [B, N, E] in the order of the route → the same */
function scanRoute(
  g: GraphBuilder,
  x: Value,
  { name, index, reversed }: Route,
  { innerSize, stateSize, stepRank, routes }: VisualScanShape,
): Value {
  const count = 2 * orders[routes].length;
  const own = (part: string, init: 'matrix' | 'bias', ...sizes: readonly number[]) =>
    entryOf(g.tensor(`${name}.${part}`, [count, ...sizes], init), index, sizes);
  const ofChannels = (part: string, ...sizes: readonly number[]): WeightExpression => {
    const of = g.tensor(`${name}.${part}`, [count * innerSize, ...sizes], 'norm');
    return { kind: 'rows', of, start: index * innerSize, count: innerSize };
  };
  return g.scope(`routes.${index}`, () => {
    const selection = own('x_proj_weight', 'matrix', stepRank + 2 * stateSize, innerSize);
    const selected = g.scope('x_proj', () => matrixProduct(g, x, selection, null));
    const [low, write, read] = split(g, selected, -1, [
      stepRank,
      stateSize,
      stateSize,
    ]) as readonly [Value, Value, Value];
    const weights = {
      weight: own('dt_projs_weight', 'matrix', innerSize, stepRank),
      bias: own('dt_projs_bias', 'bias', innerSize),
    };
    // An error of a time step is raised to a power by every step that follows, so that these weights stay exact.
    const step = exactLinearWith(g, low, weights, 'dt_proj');
    const input = { x, step, write, read, several: null, reversed };
    const state = { logRate: ofChannels('A_logs', stateSize), skip: ofChannels('Ds') };
    return selectiveScan(g, input, state, emptyState(g, x, stateSize)).output;
  });
}

/** Entry `index` of what is stacked along the first axis. */
const entryOf = (
  of: WeightExpression,
  index: number,
  shape: readonly number[],
): WeightExpression => ({
  kind: 'reshape',
  of: { kind: 'rows', of, start: index, count: 1 },
  shape,
});
