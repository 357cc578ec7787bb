/** Flamingo's Perceiver Resampler, which makes a fixed number of tokens of any number of frames. */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { modelParam, size } from '#engine/node/architecture-params.ts';
import { oneViewAnItem, viewsOfOneItem } from '#engine/node/item-views.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { framesText, itemsOf, knownCount, type WireOf } from '#engine/node/wire.ts';
import { plainFeedForward } from '#engine/onnx/blocks/feed-forward.ts';
import { linearWeights, rowsOf } from '#engine/onnx/blocks/linear.ts';
import { contextAndLatents, perceive, type PerceiverLayer } from '#engine/onnx/blocks/perceiver.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { add } from '#engine/onnx/operators.ts';
import { gather, lengthOf, reshape, slice, unsqueeze } from '#engine/onnx/shape-operators.ts';
import type { Value } from '#engine/onnx/value.ts';
import { prefixedLayout } from './names/prefixed-layout.ts';
import { checkOwnWidth } from '../tokens/widths.ts';

/** Its figures, by the names of its parameters. */
interface PerceiverShape {
  readonly latentCount: number;
  readonly hiddenSize: number;
  readonly layerCount: number;
  readonly headCount: number;
  readonly headSize: number;
  readonly feedForwardSize: number;
}

/** OpenFlamingo's 3B, 4B and 9B models have the same one, behind CLIP ViT-L/14. */
const published = {
  openflamingo: {
    label: 'OpenFlamingo',
    latentCount: 64,
    hiddenSize: 1024,
    layerCount: 6,
    headCount: 8,
    headSize: 64,
    feedForwardSize: 4096,
  },
} as const;

const params = {
  model: modelParam(published, 'openflamingo'),
  latentCount: size('Latents', 'Learned vectors; so many visual tokens come out.', 64, 65_536),
  hiddenSize: size('Hidden size', 'Channels of the visual tokens, in and out.', 1024, 65_536),
  layerCount: size('Layers', 'How often the latents look.', 6, 512),
  headCount: size('Heads', 'Heads of attention.', 8, 1024),
  headSize: size('Head size', 'Channels of one head.', 64, 4096),
  feedForwardSize: size('Feed-forward size', 'Channels inside the feed-forward.', 4096, 262_144),
  frameCount: {
    kind: 'optional-integer',
    label: 'Frame embeddings',
    help: 'Learned vectors that tell the frames of a clip apart: the longest clip, in frames.',
    default: null,
    min: 1,
    max: 4096,
    unit: 'frames',
    whenEmpty: 'none, as published',
  },
  mediaCount: {
    kind: 'optional-integer',
    label: 'Media embeddings',
    help: 'Learned vectors that tell the first picture or clip of a prompt from later ones: the most of them.',
    default: null,
    min: 1,
    max: 4096,
    whenEmpty: 'none, as published',
  },
  ...weightParams,
} as const;

type PerceiverParams = ParamValues<typeof params>;

const shapeOf = (values: PerceiverParams): PerceiverShape =>
  values.model === 'custom' ? values : published[values.model];

const keyLayouts = [
  prefixedLayout('resampler alone', ''),
  prefixedLayout('OpenFlamingo', 'perceiver.'),
];

export const perceiverResampler = defineNode({
  type: 'projector/perceiver-resampler',
  version: 1,
  family: 'projector',
  title: 'Perceiver resampler',
  about:
    'A few learned latents look at all frames of a clip, or at all tiles of a picture, and at one another, six times ' +
    'over, and leave in their place: 64 tokens, whether there was one frame or thirty. What follows costs the same for a ' +
    'clip as for a picture; what is paid is that place and detail survive only as far as the latents have learned to ' +
    'keep them. The tokens stay as wide as they came: wire a linear projector behind it.',
  references: [
    {
      title: 'Flamingo: a Visual Language Model for Few-Shot Learning',
      url: 'https://arxiv.org/abs/2204.14198',
    },
    {
      title: 'OpenFlamingo: An Open-Source Framework for Training Large Vision-Language Models',
      url: 'https://arxiv.org/abs/2308.01390',
    },
  ],
  params,
  inputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  outputs: { tokens: { kind: 'tokens', title: 'Latents' } },
  keyLayouts: () => keyLayouts,
  demand: ({ params: values }) => ({ tokens: { channels: shapeOf(values).hiddenSize } }),
  infer({ params: values, inputs: { tokens } }) {
    const { hiddenSize, latentCount } = shapeOf(values);
    const width = checkOwnWidth('The perceiver resampler', hiddenSize, tokens);
    if (!width.ok) return width;
    const embedded = checkEmbeddings(values, tokens);
    if (!embedded.ok) return embedded;
    const { views: _, ...rest } = tokens;
    const count = knownCount(latentCount);
    return ok({
      outputs: {
        tokens: { ...rest, ...oneViewAnItem(tokens), count, prefixTokens: 0, grid: null },
      },
    });
  },
  layers: (values) => shapeOf(values).layerCount,
  summary: (values) => {
    const label = values.model === 'custom' ? 'custom' : published[values.model].label;
    return `${label} · ${shapeOf(values).latentCount} latents`;
  },
  body: {
    kind: 'onnx',
    runsBy: 'item',
    facts: ({ params: { mediaCount } }) =>
      mediaCount === null ? {} : { item: { size: 1, of: ([first]) => [first?.item ?? 0] } },
    dims: ({ params: values, inputs: { tokens } }) => {
      const seen = viewsOfOneItem(tokens).expected * tokens.count.tokens;
      return { [seenTokens]: seen, [contextAndLatents]: seen + shapeOf(values).latentCount };
    },
    emit(g, { tokens }, { params: values }, { item }) {
      const shape = shapeOf(values);
      const frames = embedFrames(g, tokens, values);
      const seen = embedItem(g, inOneRow(g, frames), item, values); // [1, views · N, D]
      const { latentCount } = shape;
      return {
        tokens: perceive(g, seen, {
          latents: 'latents',
          latentCount,
          layers: Array.from({ length: shape.layerCount }, (_, index) => layer(g, index, shape)),
          finalNorm: 'norm',
          norm: { kind: 'layer', epsilon: 1e-5 },
        }),
      };
    },
  },
});

/** Tokens of all frames of a clip. */
const seenTokens = 'seen';

/** Is there an embedding for each frame and for each picture or clip? */
function checkEmbeddings(
  { frameCount, mediaCount }: PerceiverParams,
  tokens: WireOf<'tokens'>,
): Outcome<null> {
  const frames = Math.ceil(viewsOfOneItem(tokens).most);
  if (frameCount !== null && frames > frameCount) {
    const message = `There are ${framesText(frames)} to look at and embeddings for ${frameCount}; take at most ${framesText(frameCount)} of a clip.`;
    return fail(error('dimension-mismatch', message, { port: 'tokens', param: 'frameCount' }));
  }
  const mostItems = tokens.views?.mostItems;
  const items = mostItems ?? itemsOf(tokens.views);
  if (mediaCount !== null && items > mediaCount) {
    const message = `There ${mostItems === undefined ? 'are' : 'can be'} ${items} pictures or clips and embeddings for ${mediaCount}; wire at most ${mediaCount}.`;
    return fail(error('dimension-mismatch', message, { port: 'tokens', param: 'mediaCount' }));
  }
  return ok(null);
}

/** Each frame's own vector is added to its tokens. [views, N, D] → the same */
function embedFrames(g: GraphBuilder, tokens: Value, values: PerceiverParams): Value {
  const { frameCount } = values;
  const [views = 1] = tokens.shape;
  if (frameCount === null) return tokens;
  const { hiddenSize } = shapeOf(values);
  const table = g.weight(g.tensor('frame_embs', [frameCount, hiddenSize], 'embedding'));
  const count = unsqueeze(g, lengthOf(g, tokens, 0), 0);
  const own = slice(g, table, 0, g.list(0), count, views); // [views, D]
  return add(g, tokens, unsqueeze(g, own, 1));
}

/** [views, N, D] → [1, views · N, D] */
function inOneRow(g: GraphBuilder, tokens: Value): Value {
  const [views, , channels = 0] = tokens.shape;
  return views === 1 ? tokens : reshape(g, tokens, [1, seenTokens, channels]);
}

/** `item` [1] says which picture or clip of the prompt it is. [1, N, D] → the same */
function embedItem(
  g: GraphBuilder,
  tokens: Value,
  item: Value | undefined,
  values: PerceiverParams,
): Value {
  const { mediaCount } = values;
  if (mediaCount === null || !item) return tokens;
  const shape = [mediaCount, 1, shapeOf(values).hiddenSize];
  const table = g.weight(g.tensor('media_time_embs', shape, 'embedding'));
  return add(g, tokens, gather(g, table, item, 0));
}

function layer(
  g: GraphBuilder,
  index: number,
  { hiddenSize, headCount, headSize, feedForwardSize }: PerceiverShape,
): PerceiverLayer {
  const [attention, feedForward] = [`layers.${index}.0`, `layers.${index}.1`];
  const inner = headCount * headSize;
  const linear = (name: string, inputs: number, outputs: number) =>
    linearWeights(g, `${attention}.${name}`, { inputs, outputs, bias: false });
  const both = linear('to_kv', hiddenSize, 2 * inner);
  return {
    contextNorm: `${attention}.norm_media`,
    latentsNorm: `${attention}.norm_latents`,
    feedForwardNorm: `${feedForward}.0`,
    attention: {
      hiddenSize,
      headCount,
      headSize,
      projections: {
        query: linear('to_q', hiddenSize, inner),
        key: rowsOf(both, 0, inner),
        value: rowsOf(both, inner, inner),
      },
      output: linear('to_out', inner, hiddenSize),
    },
    feedForward: (builder, normed) =>
      plainFeedForward(
        builder,
        normed,
        { up: `${feedForward}.1`, down: `${feedForward}.3` },
        { hiddenSize, feedForwardSize, activation: 'gelu', bias: false },
      ),
  };
}
