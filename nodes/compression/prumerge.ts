/** LLaVA-PruMerge: keeps the tokens the class token looks at, and merges the others into them. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { estimatedCount } from '#engine/node/wire.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import {
  add,
  cast,
  divide,
  equal,
  euclideanNorm,
  greater,
  matmul,
  multiply,
  range,
  softmax,
  subtract,
  sum,
  topK,
} from '#engine/onnx/operators.ts';
import {
  concatenate,
  gather,
  reshape,
  slice,
  transpose,
  unsqueeze,
} from '#engine/onnx/shape-operators.ts';
import { fixedDim, type Value } from '#engine/onnx/value.ts';

/** Mean share of tokens kept on the paper's benchmarks (table 1 of arXiv 2403.15388); the picture decides. */
const expectedShare = 0.069;

export const prumerge = defineNode({
  type: 'compression/prumerge',
  version: 1,
  family: 'compression',
  title: 'PruMerge',
  about:
    'Keeps only the tokens that the class token pays unusual attention to (outliers above the third quartile), and adds to ' +
    'each the neighbours that resemble it most, weighted by their own attention. One more token gathers all that was ' +
    'dropped. How many tokens stay depends on the picture: few for a plain one, more for a busy one.',
  references: [
    { title: 'LLaVA-PruMerge: Adaptive Token Reduction', url: 'https://arxiv.org/abs/2403.15388' },
  ],
  params: {
    neighbours: {
      kind: 'integer',
      label: 'Neighbours',
      help: 'Tokens merged into each one kept: those whose keys are most alike.',
      default: 32,
      min: 1,
      max: 1024,
    },
  },
  inputs: {
    tokens: { kind: 'tokens', title: 'Visual tokens' },
    queryKey: { kind: 'query-key', title: "Last layer's queries and keys" },
  },
  outputs: { tokens: { kind: 'tokens', title: 'Kept tokens' } },
  demand: ({ demands }) => ({ tokens: demands.tokens }),
  infer({ params: { neighbours }, inputs }) {
    const tokens = inputs.tokens;
    const queryKey = inputs.queryKey;
    if (!tokens.count.known || tokens.count.tokens !== queryKey.count - 1) {
      const message =
        `PruMerge needs one token for each of the encoder's ${queryKey.count - 1} patches, without the class token; ` +
        'wire it right behind the encoder.';
      return fail(error('dimension-mismatch', message, { port: 'tokens' }));
    }
    const count = tokens.count.tokens;
    if (neighbours >= count) {
      const message = `Only ${count - 1} other tokens can be merged into one; set the neighbours to ${count - 1} or fewer.`;
      return fail(error('dimension-mismatch', message, { param: 'neighbours' }));
    }
    // What lies above the third quartile is at most a quarter; one token gathers the rest.
    const kept = estimatedCount(Math.round(count * expectedShare) + 1, Math.floor(count / 4) + 1);
    return ok({ outputs: { tokens: { ...tokens, count: kept, prefixTokens: 0, grid: null } } });
  },
  summary: ({ neighbours }) => `adaptive · ${neighbours} neighbours`,
  body: {
    kind: 'onnx',
    // How many tokens stay differs from view to view.
    runsBy: 'view',
    dims: ({ outputs: { tokens } }) => ({
      selected: tokens.count.tokens - 1,
      sought: tokens.count.tokens,
      keptCount: tokens.count.tokens,
    }),
    emit(g, inputs, { params: { neighbours }, inputs: wires }) {
      const { channels, count } = wires.tokens;
      const patches = count.tokens;
      const features = reshape(g, inputs.tokens, [patches, channels]);
      const query = inputs['queryKey.query'];
      const key = inputs['queryKey.key'];

      const attention = classAttention(g, query, key, patches); // [N]
      const kept = g.scope('select', () => selectOutliers(g, attention, patches)); // [selected]
      const merged = g.scope('merge', () =>
        mergeNeighbours(g, features, key, attention, kept, neighbours),
      );
      const rest = g.scope('rest', () => gatherRest(g, features, attention, kept)); // [1, C]
      const tokens = concatenate(g, [merged, rest], 0, 'keptCount');
      g.tap('kept', kept);
      return { tokens: unsqueeze(g, tokens, 0) };
    },
  },
});

/** What the class token pays each patch, over the whole width as one head. [1, N + 1, C] twice → [N] */
function classAttention(g: GraphBuilder, query: Value, key: Value, patches: number): Value {
  const channels = fixedDim(key, 2);
  const classQuery = slice(g, query, 1, g.list(0), g.list(1), 1); // [1, 1, C]
  const logits = matmul(g, classQuery, transpose(g, key, 0, 2, 1)); // [1, 1, N + 1]
  const scaled = multiply(g, logits, g.scalar('float32', channels ** -0.5));
  const weights = softmax(g, scaled, -1);
  return reshape(g, slice(g, weights, 2, g.list(1), g.list(patches + 1), patches), [patches]);
}

/** Tokens above Q3 + 1.5 · IQR, by descending attention. [N] → [selected] int64 */
function selectOutliers(g: GraphBuilder, attention: Value, patches: number): Value {
  const sorted = topK(g, attention, g.list(patches), patches, 'smallest').values;
  const lower = quantile(g, sorted, 0.25);
  const upper = quantile(g, sorted, 0.75);
  const reach = multiply(g, subtract(g, upper, lower), g.scalar('float32', 1.5));
  const outliers = cast(g, greater(g, attention, add(g, upper, reach)), 'int64');
  const selected = roundAsReference(g, sum(g, outliers, 0, false), patches);
  return topK(g, attention, selected, 'selected').indices;
}

/** int(N · (found / N)), which double rounding makes one less than found for some counts. [] → [] */
function roundAsReference(g: GraphBuilder, found: Value, patches: number): Value {
  // Above the third quartile lies at most a quarter.
  const counts = Array.from({ length: Math.floor(patches / 4) + 1 }, (_, count) => count);
  const lessened = counts.filter((count) => Math.trunc(patches * (count / patches)) < count);
  if (lessened.length === 0) return found;
  const isLessened = cast(g, equal(g, g.list(...lessened), found), 'int64'); // [counts]
  return subtract(g, found, sum(g, isLessened, 0, false));
}

/** A quantile of ascending numbers, interpolated linearly between its two neighbours. [N] → [] */
function quantile(g: GraphBuilder, sorted: Value, part: number): Value {
  const place = part * ((sorted.shape[0] as number) - 1);
  const below = gather(g, sorted, g.scalar('int64', Math.floor(place)), 0);
  const above = gather(g, sorted, g.scalar('int64', Math.ceil(place)), 0);
  const share = g.scalar('float32', place - Math.floor(place));
  return add(g, below, multiply(g, subtract(g, above, below), share));
}

/** Each kept token plus the attention-weighted sum of its nearest others by key. → [selected, C] */
function mergeNeighbours(
  g: GraphBuilder,
  features: Value,
  key: Value,
  attention: Value,
  kept: Value,
  neighbours: number,
): Value {
  const [patches, channels] = features.shape as readonly [number, number];
  const patchKeys = slice(g, key, 1, g.list(1), g.list(patches + 1), patches);
  const keys = reshape(g, patchKeys, [patches, fixedDim(key, 2)]);
  // As the reference normalises: a key of nothing but zeros resembles none.
  const norms = g.op('Max', [euclideanNorm(g, keys, -1, true), g.scalar('float32', 1e-12)], {
    type: 'float32',
    shape: [patches, 1],
  });
  const unit = divide(g, keys, norms);
  // One row more, cut off again: ONNX Runtime 1.30 dies of a TopK over no rows at all.
  const sought = concatenate(g, [kept, g.list(0)], 0, 'sought');
  const similarity = matmul(g, gather(g, unit, sought, 0), transpose(g, unit, 1, 0)); // [sought, N]
  const places = range(g, g.scalar('int64', 0), g.scalar('int64', patches), patches);
  const itself = equal(g, unsqueeze(g, sought, 1), places); // [sought, N]
  // Cosines end at 1, so a token less 4 is farther from itself than from any other.
  const others = subtract(
    g,
    similarity,
    multiply(g, cast(g, itself, 'float32'), g.scalar('float32', 4)),
  );
  const ranked = topK(g, others, g.list(neighbours), neighbours).indices; // [sought, k]
  const nearest = slice(g, ranked, 0, g.list(0), g.list(-1), 'selected'); // [selected, k]
  const weights = unsqueeze(g, gather(g, attention, nearest, 0), 1); // [selected, 1, k]
  const merged = matmul(g, weights, gather(g, features, nearest, 0)); // [selected, 1, C]
  return add(g, gather(g, features, kept, 0), reshape(g, merged, ['selected', channels]));
}

/** The attention-weighted sum of everything not kept. → [1, C] */
function gatherRest(g: GraphBuilder, features: Value, attention: Value, kept: Value): Value {
  const nothing = multiply(g, gather(g, attention, kept, 0), g.scalar('float32', 0));
  const weights = g.op('ScatterElements', [attention, kept, nothing], attention); // [N]
  return matmul(g, unsqueeze(g, weights, 0), features);
}
