/** How a decoder's blocks are put together: their norms, and the order of their two halves. */
import { choice, decimal, flag, option } from '#engine/node/architecture-params.ts';
import { activations } from '#engine/onnx/blocks/feed-forward.ts';

export const blockParams = {
  block: choice('Block', 'How attention and feed-forward follow each other.', 'sequential', [
    option('sequential', 'Attention, then feed-forward'),
    option('parallel', 'Side by side, one norm'),
    option('parallel-two-norms', 'Side by side, two norms'),
  ]),
  norm: choice('Norm', 'Normalisation of tokens.', 'rms', [
    option('rms', 'RMSNorm'),
    option('rms-one-plus', 'RMSNorm, 1 + weight'),
    option('layer', 'LayerNorm'),
    option('layer-plain', 'LayerNorm without weights'),
  ]),
  normPlacement: choice('Norm placement', 'Where the halves of a block are normed.', 'before', [
    option('before', 'Before each half'),
    option('around', 'Before and behind each half'),
    option('behind', 'Behind each half'),
    option('behind-sum', 'Behind each residual sum'),
  ]),
  normEpsilon: decimal('Norm epsilon', 'Added to the variance.', 1e-5, 1e-12, 1),
  gated: flag(
    'Gated feed-forward',
    'down(act(gate x) · up x), as SwiGLU, in place of fc2(act(fc1 x)).',
    true,
  ),
  activation: choice(
    'Activation',
    'Non-linearity of the feed-forward.',
    'silu',
    activations.map((name) => option(name)),
  ),
  feedForwardBias: flag('Feed-forward bias', "The feed-forward's projections add a bias.", false),
  residualScale: decimal(
    'Residual scale',
    'What each half of a block adds is multiplied by this (Granite, MiniCPM).',
    1,
    1e-6,
    1e6,
  ),
} as const;
