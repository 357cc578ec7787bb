/** DeepSeek. */
import { yarnMagnitude } from '#engine/onnx/rotary.ts';
import type { Rows } from './row.ts';

export const deepseekRows = {
  // What surrounds its experts; the feed-forward size is that of its first layer, which has none.
  'deepseek-v2-lite': [
    'DeepSeek-V2 Lite',
    [102_400, 2048, 27, 16, 16, 192, 10_944, 163_840],
    {
      normEpsilon: 1e-6,
      attention: 'latent',
      keyValueRank: 512,
      rotaryHeadSize: 64,
      valueHeadSize: 128,
      rotaryPairing: 'neighbours',
      rotaryScaling: 'yarn',
      rotaryFactor: 40,
      rotaryTrainedContext: 4096,
      // Scores are sharper by as much as YaRN would have made what is rotated, all of it.
      rotaryMagnitude: 1,
      attentionScale: 192 ** -0.5 * yarnMagnitude(40, 707 / 1000) ** 2,
    },
  ],
} as const satisfies Rows;
