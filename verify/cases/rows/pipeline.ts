/** Whole models: the rows of the family `pipeline`. */
import type { CaseRow } from './case-row.ts';

const pictures = {
  media: 'image',
  pixels: 'pixel_values',
  token: 'image_token_index',
  features: 'image_features',
} as const;

export const pipelineRows: readonly CaseRow[] = [
  {
    family: 'pipeline',
    modelTypes: ['llava'],
    kind: 'pipeline',
    ways: [
      {
        ...pictures,
        preprocess: { type: 'vision/preprocess' },
        vision: [
          [{ type: 'encoder/clip-vit' }, { type: 'encoder/siglip' }],
          [{ type: 'projector/mlp' }],
        ],
      },
    ],
    language: { type: 'language/decoder' },
  },
  {
    family: 'pipeline',
    modelTypes: ['fast_vlm'],
    kind: 'pipeline',
    ways: [
      {
        ...pictures,
        preprocess: { type: 'vision/preprocess' },
        vision: [[{ type: 'encoder/fastvit' }], [{ type: 'projector/mlp' }]],
      },
    ],
    language: { type: 'language/decoder' },
  },
  {
    family: 'pipeline',
    modelTypes: ['llava_next'],
    kind: 'pipeline',
    ways: [
      {
        ...pictures,
        preprocess: { type: 'vision/anyres-tiles' },
        vision: [
          [{ type: 'encoder/clip-vit' }],
          [{ type: 'projector/mlp' }],
          [{ type: 'projector/anyres-pack' }],
        ],
      },
    ],
    language: { type: 'language/decoder' },
  },
  {
    family: 'pipeline',
    modelTypes: ['video_llava'],
    kind: 'pipeline',
    ways: [
      {
        ...pictures,
        pixels: 'pixel_values_images',
        preprocess: { type: 'vision/preprocess' },
        vision: [[{ type: 'encoder/clip-vit' }], [{ type: 'projector/mlp' }]],
      },
      {
        media: 'video',
        pixels: 'pixel_values_videos',
        token: 'video_token_index',
        preprocess: { type: 'vision/preprocess' },
        vision: [
          [{ type: 'encoder/clip-vit', params: { tower: 'clips' } }],
          [{ type: 'projector/mlp' }],
        ],
      },
    ],
    language: { type: 'language/decoder' },
  },
];
