/**
 * Patches that matter stay, the others become one token. How much a patch matters is what the others, the class token
 * and learned slots think of it. Source: double125/MADTP, models/vit.py (Block.Reduce_token).
 */
import type { GraphBuilder } from '../graph-builder.ts';
import {
  add,
  cast,
  divide,
  euclideanNorm,
  greater,
  largest,
  matmul,
  multiply,
  smallest,
  softmax,
  subtract,
  sum,
} from '../operators.ts';
import {
  concatenate,
  gather,
  lengthOf,
  slice,
  squeeze,
  transpose,
  unsqueeze,
} from '../shape-operators.ts';
import { fixedDim, type Dim, type Value } from '../value.ts';
import { scores, splitHeads } from './attention-heads.ts';
import type { SelfAttended } from './attention.ts';
import { behindPrefix, cutBehind, dropPrefix } from './feature-map.ts';

/** Sizes known only when the graph runs: tokens behind a block, those behind the prefix, patches kept in it, and one or none for the others. */
export function prunedDims(block: number, prefixTokens: number) {
  const left = `left.${block}`;
  const behind = String(behindPrefix(left, prefixTokens));
  return { left, behind, kept: `kept.${block}`, mixed: `mixed.${block}` };
}

export interface PrunedTokens {
  /** One picture: prefix, the patches kept in their order, and one for all others. [1, N, D] */
  readonly tokens: Value;
  /** Which patch of the picture each behind the prefix is; −1 for one of several. [N − prefix] int64 */
  readonly places: Value;
}

export interface PruningHost {
  /** The first of them is the class token. */
  readonly prefixTokens: number;
  readonly headCount: number;
  readonly block: number;
}

/**
 * `slots` [1, P, M] tell how well each patch fits each slot. The threshold is the lowest of what the patches of a slot,
 * by a softmax at `temperature`, matter on average. Nothing goes where that would be one patch or all.
 */
export function pruneByImportance(
  g: GraphBuilder,
  { tokens, places }: PrunedTokens,
  attention: Pick<SelfAttended, 'met' | 'attended'>,
  slots: Value,
  temperature: number,
  host: PruningHost,
): PrunedTokens {
  const dims = prunedDims(host.block, host.prefixTokens);
  const importance = importanceOf(g, attention, slots, host); // [1, P]
  const threshold = thresholdOf(g, importance, slots, temperature); // [1, 1]
  const isAbove = greater(g, importance, threshold);
  const above = sum(g, cast(g, isAbove, 'int64'), [0, 1], false);
  const below = subtract(g, lengthOf(g, importance, 1), above);
  const acts = g.op(
    'And',
    [greater(g, above, g.scalar('int64', 0)), greater(g, below, g.scalar('int64', 1))],
    { type: 'bool', shape: [] },
  );
  const isKept = g.op('Or', [isAbove, g.op('Not', [acts], acts)], isAbove);
  const found = g.op('NonZero', [squeeze(g, isKept, 0)], { type: 'int64', shape: [1, dims.kept] });
  const chosen = squeeze(g, found, 0);

  const patches = dropPrefix(g, tokens, host.prefixTokens); // [1, P, D]
  const isGone = cast(g, g.op('Not', [isKept], isKept), 'float32');
  const shares = asShares(g, multiply(g, importance, isGone));
  const mixed = matmul(g, unsqueeze(g, shares, 1), patches); // [1, 1, D]
  // None where nothing goes.
  const ifAny = (x: Value, axis: number): Value =>
    slice(g, x, axis, g.list(0), unsqueeze(g, cast(g, acts, 'int64'), 0), dims.mixed);
  const prefix = slice(g, tokens, 1, g.list(0), g.list(host.prefixTokens), host.prefixTokens);
  const parts = [prefix, gather(g, patches, chosen, 1), ifAny(mixed, 1)];
  const origin = [gather(g, places, chosen, 0), ifAny(g.list(-1), 0)];
  return {
    tokens: concatenate(g, parts, 1, dims.left),
    places: concatenate(g, origin, 0, dims.behind),
  };
}

/** The mean of three opinions of each patch, of which the first two sum to one. → [1, P] */
function importanceOf(
  g: GraphBuilder,
  { met, attended }: Pick<SelfAttended, 'met' | 'attended'>,
  slots: Value,
  { prefixTokens, headCount }: PruningHost,
): Value {
  const width = fixedDim(met.query, 2);
  const count = met.query.shape[1] as Dim;
  const heads = (x: Value) => splitHeads(g, x, headCount); // [1, H, N, d]
  g.work(width, [count, count]);
  const scale = (width / headCount) ** -0.5;
  const weights = softmax(g, scores(g, heads(met.query), heads(met.key), scale), -1); // [1, H, N, N]
  const toPatches = cutBehind(g, weights, 3, prefixTokens); // [1, H, N, P]
  const amongPatches = largest(g, cutBehind(g, toPatches, 2, prefixTokens), 1, false); // [1, P, P]
  const byPatches = asShares(g, sum(g, amongPatches, 1, false));
  const bySlots = asShares(g, largest(g, slots, 2, false));

  const lengths = cutBehind(g, euclideanNorm(g, heads(attended), 3, false), 2, prefixTokens); // [1, H, P]
  const ofHead = divide(g, lengths, add(g, sum(g, lengths, 1, true), g.scalar('float32', tiny)));
  const classRow = squeeze(g, slice(g, toPatches, 2, g.list(0), g.list(1), 1), 2); // [1, H, P]
  const byClass = sum(g, multiply(g, classRow, ofHead), 1, false);
  const all = add(g, add(g, byPatches, bySlots), byClass);
  return divide(g, all, g.scalar('float32', 3));
}

function thresholdOf(g: GraphBuilder, importance: Value, slots: Value, temperature: number): Value {
  const sharp = divide(g, slots, g.scalar('float32', temperature));
  const bySlot = transpose(g, softmax(g, sharp, 1), 0, 2, 1); // [1, M, P]
  const means = matmul(g, bySlot, unsqueeze(g, importance, 2)); // [1, M, 1]
  return squeeze(g, smallest(g, means, 1, true), 2);
}

const tiny = 1e-8;

/** Divided by their sum. [1, P] → the same */
const asShares = (g: GraphBuilder, x: Value): Value =>
  divide(g, x, add(g, sum(g, x, 1, true), g.scalar('float32', tiny)));
