/** Idefics2's connector: a gated projection into the language model's width, then a perceiver resampler there. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import {
  choice,
  decimal,
  modelParam,
  option,
  size,
  withoutLabel,
} from '#engine/node/architecture-params.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { knownCount } from '#engine/node/wire.ts';
import { noneBiased, separateProjections } from '#engine/onnx/blocks/attention-projections.ts';
import {
  activations,
  gatedFeedForward,
  gatedFeedForwardWith,
  type Activation,
} from '#engine/onnx/blocks/feed-forward.ts';
import { linearWeights } from '#engine/onnx/blocks/linear.ts';
import { contextAndLatents, perceive, type PerceiverLayer } from '#engine/onnx/blocks/perceiver.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { fixedDim, type Value } from '#engine/onnx/value.ts';
import { idefics2PerceiverFromConfig } from './configs/idefics2-perceiver-config.ts';
import { prefixedLayout } from './names/prefixed-layout.ts';
import { checkInputWidth, widthParams } from '../tokens/widths.ts';

/** Its figures, by the names of its parameters. */
export interface Idefics2PerceiverShape {
  readonly latentCount: number;
  readonly hiddenSize: number;
  readonly projectionSize: number;
  readonly layerCount: number;
  readonly headCount: number;
  readonly headSize: number;
  readonly keyValueHeadCount: number;
  readonly projectionActivation: Activation;
  readonly activation: Activation;
  readonly normEpsilon: number;
}

const published = {
  'idefics2-8b': {
    label: 'Idefics2 8B',
    latentCount: 64,
    hiddenSize: 4096,
    projectionSize: 14_336,
    layerCount: 3,
    headCount: 16,
    headSize: 96,
    keyValueHeadCount: 4,
    projectionActivation: 'silu',
    activation: 'silu',
    normEpsilon: 1e-6,
  },
} as const;

const publishedNames = Object.keys(published) as (keyof typeof published)[];
const activationOptions = activations.map((name) => option(name));

const params = {
  model: modelParam(published, 'idefics2-8b'),
  inputWidth: widthParams.inputWidth,
  latentCount: size('Latents', 'Learned vectors; so many visual tokens come out.', 64, 65_536),
  hiddenSize: size('Hidden size', 'Channels of the language model, which go out.', 4096, 65_536),
  projectionSize: size(
    'Projection size',
    'Channels inside the gated projection before the perceiver.',
    14_336,
    262_144,
  ),
  layerCount: size('Layers', 'How often the latents look.', 3, 512),
  headCount: size('Heads', 'Heads of attention.', 16, 1024),
  headSize: size('Head size', 'Channels of one head.', 96, 4096),
  keyValueHeadCount: size('Key and value heads', 'Heads share so many keys and values.', 4, 1024),
  projectionActivation: choice(
    'Activation of the projection',
    'Non-linearity of the gated projection.',
    'silu',
    activationOptions,
  ),
  activation: choice('Activation', 'Non-linearity of the layers.', 'silu', activationOptions),
  normEpsilon: decimal('Norm epsilon', 'Added to the mean square.', 1e-6, 1e-12, 1),
  ...weightParams,
} as const;

type Idefics2PerceiverParams = ParamValues<typeof params>;

const shapeOfPublished = (name: keyof typeof published): Idefics2PerceiverShape =>
  withoutLabel(published[name]);

const shapeOf = (values: Idefics2PerceiverParams): Idefics2PerceiverShape =>
  values.model === 'custom' ? values : shapeOfPublished(values.model);

const keyLayouts = [
  prefixedLayout('connector alone', ''),
  prefixedLayout('Idefics2, Hugging Face', 'model.connector.'),
];

export const idefics2Perceiver = defineNode({
  type: 'projector/idefics2-perceiver',
  version: 1,
  family: 'projector',
  title: 'Idefics2 perceiver',
  about:
    "The connector of Idefics2: each patch is brought to the language model's width by a gated MLP, then 64 latents look " +
    'at all patches three times over and take their place. The picture may have any size and shape, the language model ' +
    'reads 64 tokens. The latents work at the full width of the language model, which makes the connector as heavy as a ' +
    'small language model: 743 million parameters in the 8B model.',
  references: [
    {
      title: 'What matters when building vision-language models?',
      url: 'https://arxiv.org/abs/2405.02246',
    },
  ],
  params,
  inputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  outputs: { tokens: { kind: 'tokens', title: 'Latents' } },
  fromConfig: (files) =>
    idefics2PerceiverFromConfig(files, publishedNames, (name) => ({ ...shapeOfPublished(name) })),
  keyLayouts: () => keyLayouts,
  demand: ({ params: { inputWidth } }) => ({ tokens: { channels: inputWidth ?? undefined } }),
  infer({ id, params: values, inputs: { tokens } }) {
    const { latentCount, hiddenSize, headCount, keyValueHeadCount } = shapeOf(values);
    if (headCount % keyValueHeadCount !== 0) {
      const message = `${headCount} heads do not share ${keyValueHeadCount} keys and values evenly; choose a number that divides the heads.`;
      return fail(error('arrangement-unsupported', message, { param: 'keyValueHeadCount' }));
    }
    const width = checkInputWidth(id, values.inputWidth, tokens);
    if (!width.ok) return width;
    const count = knownCount(latentCount);
    return ok({
      outputs: { tokens: { ...tokens, count, channels: hiddenSize, prefixTokens: 0, grid: null } },
    });
  },
  layers: (values) => shapeOf(values).layerCount,
  summary: (values) => {
    const label = values.model === 'custom' ? 'custom' : published[values.model].label;
    return `${label} · ${shapeOf(values).latentCount} latents`;
  },
  body: {
    kind: 'onnx',
    dims: ({ params: values, inputs: { tokens } }) => ({
      [contextAndLatents]: tokens.count.tokens + shapeOf(values).latentCount,
    }),
    emit(g, { tokens }, { params: values }) {
      const shape = shapeOf(values);
      const projected = project(g, tokens, shape); // [views, N, D]
      const name = 'perceiver_resampler';
      return {
        tokens: perceive(g, projected, {
          latents: `${name}.latents`,
          latentCount: shape.latentCount,
          layers: Array.from({ length: shape.layerCount }, (_, index) =>
            layer(g, `${name}.layers.${index}`, shape),
          ),
          finalNorm: `${name}.norm`,
          norm: { kind: 'rms', epsilon: shape.normEpsilon },
        }),
      };
    },
  },
});

/** [views, N, Dv] → [views, N, D] */
function project(
  g: GraphBuilder,
  tokens: Value,
  { hiddenSize, projectionSize, projectionActivation }: Idefics2PerceiverShape,
): Value {
  const part = (name: string, inputs: number, outputs: number) =>
    linearWeights(g, `modality_projection.${name}_proj`, { inputs, outputs, bias: false });
  const width = fixedDim(tokens, -1);
  const weights = {
    gate: part('gate', width, projectionSize),
    up: part('up', width, projectionSize),
    down: part('down', projectionSize, hiddenSize),
  };
  return g.scope('projection', () =>
    gatedFeedForwardWith(g, tokens, weights, projectionActivation),
  );
}

function layer(g: GraphBuilder, name: string, shape: Idefics2PerceiverShape): PerceiverLayer {
  const { hiddenSize, headCount, headSize, keyValueHeadCount, activation } = shape;
  const heads = { hiddenSize, headCount, headSize, keyValueHeadCount };
  const own = (part: string) => `${name}.self_attn.${part}_proj`;
  const output = { inputs: headCount * headSize, outputs: hiddenSize, bias: false };
  const mlp = (part: string) => `${name}.mlp.${part}_proj`;
  return {
    contextNorm: `${name}.input_context_norm`,
    latentsNorm: `${name}.input_latents_norm`,
    feedForwardNorm: `${name}.post_attention_layernorm`,
    attention: {
      ...heads,
      projections: separateProjections(
        g,
        { query: own('q'), key: own('k'), value: own('v') },
        heads,
        noneBiased,
      ),
      output: linearWeights(g, own('o'), output),
    },
    feedForward: (builder, normed) =>
      gatedFeedForward(
        builder,
        normed,
        { gate: mlp('gate'), up: mlp('up'), down: mlp('down') },
        { hiddenSize, feedForwardSize: 4 * hiddenSize, activation, bias: false },
      ),
  };
}
