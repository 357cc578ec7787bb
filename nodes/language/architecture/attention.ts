/** How a decoder's tokens attend to each other, whatever tells their positions. */
import {
  choice,
  decimal,
  flag,
  option,
  optionalSize,
  placed,
} from '#engine/node/architecture-params.ts';
import type { ParamValues } from '#engine/node/param.ts';

export const attentionParams = placed(
  {
    queryKeyNorm: choice(
      'Query/key norm',
      'Normalisation of queries and keys before rotation.',
      'none',
      [
        option('none', 'None'),
        option('shared-layer', 'One LayerNorm for all heads'),
        option('head-layer', 'LayerNorm for each head'),
        option('head-rms', 'One RMSNorm for all heads'),
        option('whole-rms', 'RMSNorm over all heads together'),
      ],
    ),
    queryKeyValueBias: flag('Query, key, value bias', 'These projections add a bias.', false),
    outputBias: flag(
      'Attention output bias',
      'The output projection of attention adds a bias.',
      false,
    ),
    queryKeyValueClip: decimal(
      'Query, key, value clip',
      'No number of theirs is larger than this (OLMo); 0: no bound.',
      0,
      0,
      1e6,
    ),
    attentionScale: decimal(
      'Attention scale',
      'Products of queries and keys are multiplied by this; 0: 1 / √head size.',
      0,
      0,
      1e6,
    ),
    attentionSoftCap: decimal(
      'Attention soft cap',
      'Scores are bent by cap · tanh(score / cap), so that none passes it (Gemma 2); 0: they are not.',
      0,
      0,
      1e6,
    ),
    promptAttention: choice(
      'Attention in the prompt',
      'What a token of the prompt sees; those of the answer see all before them.',
      'causal',
      [
        option('causal', 'What comes before it'),
        option('prefix', 'All of the prompt'),
        option('pictures', 'What comes before it, and all of its picture'),
      ],
    ),
    attentionWindow: {
      ...optionalSize(
        'Attention window',
        'Tokens that one sees where attention slides: itself and those right before it.',
        'all',
        1_048_576,
      ),
      unit: 'tokens',
    },
    fullAttentionEvery: optionalSize(
      'Layers without window',
      'Every so many layers, one sees all tokens (Gemma 2: 2, Gemma 3: 6).',
      'none',
      512,
    ),
  } as const,
  { group: 'attention' },
);

/** How many tokens those of a layer see, themselves included; null where they see all. */
export function layerWindow({
  attentionWindow,
  fullAttentionEvery,
}: Pick<ParamValues<typeof attentionParams>, 'attentionWindow' | 'fullAttentionEvery'>): (
  layer: number,
) => number | null {
  return (layer) =>
    fullAttentionEvery !== null && (layer + 1) % fullAttentionEvery === 0 ? null : attentionWindow;
}
