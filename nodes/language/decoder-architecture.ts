/** The architecture of a decoder-only language model as parameters. */
import {
  choice,
  decimal,
  flag,
  option,
  size,
  whenCustom,
} from '#engine/node/architecture-params.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { activations } from '#engine/onnx/blocks/feed-forward.ts';
import { rotaryScalings, type RotaryShape } from '#engine/onnx/rotary.ts';

/** Defaults are TinyLlama's, so that a custom model starts from something that runs. */
export const architectureParams = {
  keyNames: {
    kind: 'choice',
    label: 'Tensor names',
    help: "Which family's checkpoints the weights are read from.",
    default: 'llama',
    options: [option('llama', 'LLaMA, Qwen2, Gemma, StableLM'), option('phi', 'Phi')],
    shownWhen: whenCustom,
    group: 'architecture',
  },
  vocabularySize: size('Vocabulary', 'Tokens the model knows.', 32_000, 1_000_000),
  hiddenSize: size('Hidden size', 'Channels of a token.', 2048, 65_536),
  layerCount: size('Layers', 'Transformer blocks.', 22, 512),
  headCount: size('Heads', 'Query heads of attention.', 32, 1024),
  keyValueHeadCount: size(
    'Key/value heads',
    'Fewer than the heads: grouped-query attention; one: multi-query.',
    4,
    1024,
  ),
  headSize: size('Head size', 'Channels of one head.', 64, 1024),
  feedForwardSize: size('Feed-forward size', 'Channels inside the feed-forward.', 5632, 262_144),
  contextLength: size('Context', 'Most tokens the model can hold.', 2048, 1_048_576),
  gated: flag(
    'Gated feed-forward',
    'down(act(gate x) · up x), as SwiGLU, in place of fc2(act(fc1 x)).',
    true,
  ),
  activation: {
    kind: 'choice',
    label: 'Activation',
    help: 'Non-linearity of the feed-forward.',
    default: 'silu',
    options: activations.map((name) => option(name)),
    shownWhen: whenCustom,
    group: 'architecture',
  },
  norm: {
    kind: 'choice',
    label: 'Norm',
    help: 'Normalisation before each half of a block.',
    default: 'rms',
    options: [
      option('rms', 'RMSNorm'),
      option('rms-one-plus', 'RMSNorm, 1 + weight'),
      option('layer', 'LayerNorm'),
    ],
    shownWhen: whenCustom,
    group: 'architecture',
  },
  normEpsilon: decimal('Norm epsilon', 'Added to the variance.', 1e-5, 1e-12, 1),
  parallelBlock: flag(
    'Parallel block',
    'Attention and feed-forward read the same norm and are added together.',
    false,
  ),
  queryKeyNorm: {
    kind: 'choice',
    label: 'Query/key norm',
    help: 'Normalisation of queries and keys before rotation.',
    default: 'none',
    options: [
      option('none', 'None'),
      option('shared-layer', 'One LayerNorm for all heads'),
      option('head-layer', 'LayerNorm for each head'),
    ],
    shownWhen: whenCustom,
    group: 'architecture',
  },
  queryKeyValueBias: flag('Query, key, value bias', 'These projections add a bias.', false),
  outputBias: flag(
    'Attention output bias',
    'The output projection of attention adds a bias.',
    false,
  ),
  feedForwardBias: flag('Feed-forward bias', "The feed-forward's projections add a bias.", false),
  headBias: flag('Head bias', 'The language-model head adds a bias.', false),
  tiedEmbeddings: flag('Tied embeddings', 'The head reuses the embedding table.', false),
  embeddingScale: decimal(
    'Embedding scale',
    'What the first block reads is multiplied by this (Gemma: √hidden size).',
    1,
    1e-6,
    1e6,
  ),
  scaledEmbeddings: choice('Scaled embeddings', 'What the embedding scale multiplies.', 'all', [
    option('all', 'Words and visual tokens'),
    option('words', 'Words alone'),
  ]),
  promptAttention: choice(
    'Attention in the prompt',
    'What a token of the prompt sees; those of the answer see all before them.',
    'causal',
    [option('causal', 'What comes before it'), option('prefix', 'All of the prompt')],
  ),
  rotaryFraction: decimal(
    'Rotary fraction',
    'Part of each head that positions rotate.',
    1,
    0.01,
    1,
  ),
  rotaryBase: decimal('Rotary base', 'Base of the rotary frequencies.', 10_000, 1, 1e9),
  rotaryScaling: {
    kind: 'choice',
    label: 'Rotary scaling',
    help: 'How frequencies are stretched for a longer context.',
    default: 'none',
    options: rotaryScalings.map((name) => option(name)),
    shownWhen: whenCustom,
    group: 'architecture',
  },
  rotaryFactor: decimal(
    'Rotary factor',
    'How many times longer than the trained context.',
    1,
    1,
    1024,
  ),
  rotaryTrainedContext: size(
    'Trained context',
    'Context before stretching (llama3, yarn).',
    8192,
    1_048_576,
  ),
  rotaryLowFactor: decimal(
    'Low frequency factor',
    'llama3 scaling: turns below which frequencies are stretched.',
    1,
    0.01,
    64,
  ),
  rotaryHighFactor: decimal(
    'High frequency factor',
    'llama3 scaling: turns above which frequencies are kept.',
    4,
    0.01,
    64,
  ),
} as const;

export type DecoderArchitecture = ParamValues<typeof architectureParams>;

/** The rotated part of each head, in the terms of engine/onnx/rotary. */
export function rotaryShape(architecture: DecoderArchitecture): RotaryShape {
  return {
    // Rounded down to whole pairs, as the reference implementations do.
    size: Math.floor((architecture.headSize * architecture.rotaryFraction) / 2) * 2,
    base: architecture.rotaryBase,
    scaling: architecture.rotaryScaling,
    factor: architecture.rotaryFactor,
    trainedContext: architecture.rotaryTrainedContext,
    lowFrequencyFactor: architecture.rotaryLowFactor,
    highFrequencyFactor: architecture.rotaryHighFactor,
  };
}
