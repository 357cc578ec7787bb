/** LLaVA-PruMerge: keeps the tokens the class token looks at, and merges the others into them. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { estimatedCount } from '#engine/node/wire.ts';
import { markAttended, markKept } from '#engine/onnx/blocks/patch-marks.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import {
  add,
  cast,
  divide,
  equal,
  euclideanNorm,
  matmul,
  multiply,
  range,
  subtract,
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
import { fixedDim, type Dim, type Value } from '#engine/onnx/value.ts';
import { addSpread, classAttention, selectOutliers, spreadStep } from './prumerge-selection.ts';

/** Mean share of tokens kept on the paper's benchmarks (table 1 of arXiv 2403.15388); the picture decides. */
const expectedShare = 0.069;

type Kept = 'outliers' | 'outliers-and-spread';

export const prumerge = defineNode({
  type: 'compression/prumerge',
  version: 1,
  family: 'compression',
  title: 'PruMerge',
  about:
    'Keeps only the tokens that the class token pays unusual attention to (outliers above the third quartile), and adds to ' +
    'each the neighbours that resemble it most, weighted by their own attention. One more token gathers all that was ' +
    'dropped. How many tokens stay depends on the picture: few for a plain one, more for a busy one. PruMerge+ keeps an ' +
    'even spread of the others too, so that no corner of the picture goes unseen: several times more tokens, and better answers.',
  references: [
    { title: 'LLaVA-PruMerge: Adaptive Token Reduction', url: 'https://arxiv.org/abs/2403.15388' },
  ],
  params: {
    kept: {
      kind: 'choice',
      label: 'Kept',
      help: 'Which tokens stay; the others are merged into them.',
      default: 'outliers',
      options: [
        { value: 'outliers', label: 'Outliers', about: 'PruMerge.' },
        {
          value: 'outliers-and-spread',
          label: 'Outliers and a spread',
          about: 'PruMerge+: every few tokens one more, the closer together the more outliers.',
        },
      ],
    },
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
  infer({ params: { kept, neighbours }, inputs }) {
    const tokens = inputs.tokens;
    const queryKey = inputs.queryKey;
    if (queryKey.known === false) {
      const message =
        'PruMerge ranks all patches of the encoder, of which a part inside it drops some; unplug one of the two.';
      return fail(error('parts-conflict', message, { port: 'queryKey' }));
    }
    if (!tokens.count.known || tokens.count.tokens !== queryKey.count - 1) {
      const message =
        `PruMerge needs one token for each of the encoder's ${queryKey.count - 1} patches, without the class token; ` +
        'wire it right behind the encoder.';
      return fail(error('dimension-mismatch', message, { port: 'tokens' }));
    }
    const patches = tokens.count.tokens;
    if (neighbours >= patches) {
      const message = `Only ${patches - 1} other tokens can be merged into one; set the neighbours to ${patches - 1} or fewer.`;
      return fail(error('dimension-mismatch', message, { param: 'neighbours' }));
    }
    const { outliers, spread, most } = expected(kept, patches);
    // One token gathers the rest.
    const count = estimatedCount(outliers + spread + 1, most + 1);
    return ok({ outputs: { tokens: { ...tokens, count, prefixTokens: 0, grid: null } } });
  },
  summary: ({ kept, neighbours }) =>
    `${kept === 'outliers' ? 'adaptive' : 'adaptive, spread'} · ${neighbours} neighbours`,
  shows: [
    {
      kind: 'kept-patches',
      tap: 'marks',
      singledOut: 'outliers',
      also: ({ neighbours }) => `${neighbours} merged into each`,
    },
    { kind: 'attended-patches', tap: 'attended', also: () => 'paid by the class token' },
  ],
  body: {
    kind: 'onnx',
    // How many tokens stay differs from view to view.
    runsBy: 'view',
    dims: ({ params: { kept }, inputs, outputs: { tokens } }) => {
      const count = tokens.count.tokens;
      const { spread } = expected(kept, inputs.tokens.count.tokens);
      return {
        selected: Math.max(count - 1 - spread, 0),
        spread,
        kept: count - 1,
        sought: count,
        keptCount: count,
      };
    },
    emit(g, inputs, { params, inputs: wires }) {
      const { channels, count } = wires.tokens;
      const patches = count.tokens;
      const features = reshape(g, inputs.tokens, [patches, channels]);
      const query = inputs['queryKey.query'];
      const key = inputs['queryKey.key'];

      const attention = classAttention(g, query, key, patches); // [N]
      g.tapLater('attended', () => markAttended(g, unsqueeze(g, attention, 0)));
      const kept = g.scope('select', () => {
        const outliers = selectOutliers(g, attention, patches);
        g.tap('outliers', outliers.places);
        const isSpread = params.kept === 'outliers-and-spread';
        const places = isSpread ? addSpread(g, outliers, patches) : outliers.places;
        g.tapLater('marks', () => markKept(g, patches, places, isSpread ? outliers.places : null));
        return places;
      }); // [kept]
      const merged = g.scope('merge', () =>
        mergeNeighbours(g, features, key, attention, kept, params.neighbours),
      );
      const rest = g.scope('rest', () => gatherRest(g, features, attention, kept)); // [1, C]
      const tokens = concatenate(g, [merged, rest], 0, 'keptCount');
      g.tap('kept', kept);
      return { tokens: unsqueeze(g, tokens, 0) };
    },
  },
});

/** Tokens that are expected to stay as outliers and as a spread, and the most that can in all. */
function expected(kept: Kept, patches: number) {
  const outliers = Math.round(patches * expectedShare);
  // What lies above the third quartile is at most a quarter.
  if (kept === 'outliers') return { outliers, spread: 0, most: Math.floor(patches / 4) };
  const places = Math.ceil((patches - 1) / spreadStep(outliers, patches));
  return { outliers, spread: Math.round(places * (1 - expectedShare)), most: patches };
}

/** Each kept token plus the attention-weighted sum of its nearest others by key. → [kept, C] */
function mergeNeighbours(
  g: GraphBuilder,
  features: Value,
  key: Value,
  attention: Value,
  kept: Value,
  neighbours: number,
): Value {
  const [patches, channels] = features.shape as readonly [number, number];
  const count = kept.shape[0] as Dim;
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
  const nearest = slice(g, ranked, 0, g.list(0), g.list(-1), count); // [kept, k]
  const weights = unsqueeze(g, gather(g, attention, nearest, 0), 1); // [kept, 1, k]
  const merged = matmul(g, weights, gather(g, features, nearest, 0)); // [kept, 1, C]
  return add(g, gather(g, features, kept, 0), reshape(g, merged, [count, channels]));
}

/** The attention-weighted sum of everything not kept. → [1, C] */
function gatherRest(g: GraphBuilder, features: Value, attention: Value, kept: Value): Value {
  const nothing = multiply(g, gather(g, attention, kept, 0), g.scalar('float32', 0));
  const weights = g.op('ScatterElements', [attention, kept, nothing], attention); // [N]
  return matmul(g, unsqueeze(g, weights, 0), features);
}
