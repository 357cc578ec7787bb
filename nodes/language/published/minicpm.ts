/** MiniCPM. */
import type { Rows } from './row.ts';

/** Its scales: of embeddings 12, of depth 1.4, of width 256. */
const scales = (hidden: number, layers: number) =>
  ({
    tiedEmbeddings: true,
    embeddingScale: 12,
    scaledEmbeddings: 'words',
    residualScale: 1.4 / Math.sqrt(layers),
    logitScale: 256 / hidden,
  }) as const;

/** Of MiniCPM3, for sequences of any length: its context is the trained one. */
const factors = [
  1.0591234137867171, 1.1241891283591912, 1.2596935748670968, 1.5380380402321725, 2.093982484148734,
  3.1446935121267696, 4.937952647693647, 7.524541999994549, 10.475458000005451, 13.062047352306353,
  14.85530648787323, 15.906017515851266, 16.461961959767827, 16.740306425132907, 16.87581087164081,
  16.940876586213285,
].join(' ');

export const minicpmRows = {
  // Both of its chat models, sft and dpo, have these figures.
  'minicpm-2b': ['MiniCPM 2B', [122_753, 2304, 40, 36, 36, 64, 5760, 4096], scales(2304, 40)],
  'minicpm3-4b': [
    'MiniCPM3 4B',
    [73_448, 2560, 62, 40, 40, 96, 6400, 32_768],
    {
      ...scales(2560, 62),
      attention: 'latent',
      queryRank: 768,
      keyValueRank: 256,
      rotaryHeadSize: 32,
      valueHeadSize: 64,
      rotaryScaling: 'longrope',
      rotaryTrainedContext: 32_768,
      rotaryShortFactors: factors,
      rotaryLongFactors: factors,
    },
  ],
} as const satisfies Rows;
