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
        fields: { image_sizes: 'original sizes' },
      },
    ],
    language: { type: 'language/decoder' },
  },
  {
    family: 'pipeline',
    modelTypes: ['llava_onevision'],
    kind: 'pipeline',
    ways: [
      {
        ...pictures,
        preprocess: { type: 'vision/anyres-tiles' },
        vision: [
          [{ type: 'encoder/siglip' }],
          [{ type: 'projector/mlp' }],
          [{ type: 'projector/anyres-pack' }],
        ],
        fields: { image_sizes: 'original sizes', batch_num_images: 'pictures' },
      },
    ],
    language: { type: 'language/decoder' },
  },
  {
    family: 'pipeline',
    modelTypes: ['internvl'],
    kind: 'pipeline',
    ways: [
      {
        ...pictures,
        token: 'image_token_id',
        preprocess: { type: 'vision/dynamic-tiles' },
        vision: [
          [{ type: 'encoder/intern-vit' }],
          [{ type: 'compression/pixel-shuffle' }],
          [{ type: 'projector/mlp' }],
        ],
      },
    ],
    language: { type: 'language/decoder' },
  },
  {
    family: 'pipeline',
    modelTypes: ['idefics3', 'smolvlm'],
    kind: 'pipeline',
    ways: [
      {
        ...pictures,
        token: 'image_token_id',
        preprocess: { type: 'vision/split-tiles' },
        vision: [
          [{ type: 'encoder/idefics3-vision' }],
          [{ type: 'compression/pixel-shuffle' }],
          [{ type: 'projector/linear' }],
        ],
        fields: { pixel_attention_mask: 'pixel mask' },
      },
    ],
    language: { type: 'language/decoder' },
  },
  {
    family: 'pipeline',
    modelTypes: ['paligemma'],
    kind: 'pipeline',
    ways: [
      {
        ...pictures,
        preprocess: { type: 'vision/preprocess' },
        vision: [[{ type: 'encoder/siglip' }], [{ type: 'projector/linear' }]],
      },
    ],
    language: { type: 'language/decoder' },
    template: '<image><bos>{prompt}\n',
    places: { token_type_ids: 'answer' },
  },
  {
    family: 'pipeline',
    modelTypes: ['blip-2'],
    kind: 'pipeline',
    ways: [
      {
        ...pictures,
        preprocess: { type: 'vision/preprocess' },
        vision: [[{ type: 'encoder/eva' }], [{ type: 'projector/q-former' }]],
      },
    ],
    language: { type: 'language/decoder' },
    template: '<image>{prompt}',
  },
  {
    family: 'pipeline',
    modelTypes: ['gemma3'],
    kind: 'pipeline',
    ways: [
      {
        ...pictures,
        preprocess: { type: 'vision/preprocess' },
        vision: [
          [{ type: 'encoder/siglip' }],
          [{ type: 'compression/average-pool' }],
          [{ type: 'projector/normed-linear' }],
        ],
      },
    ],
    language: { type: 'language/decoder' },
    // The processor adds a begin-of-text token to the one that the chat template wrote.
    spellings: [['<bos>', '<bos><bos>']],
    places: { token_type_ids: 'visual' },
  },
  {
    family: 'pipeline',
    modelTypes: ['mistral3'],
    kind: 'pipeline',
    ways: [
      {
        ...pictures,
        preprocess: { type: 'vision/native-resolution' },
        vision: [[{ type: 'encoder/pixtral' }], [{ type: 'projector/mistral3-merger' }]],
        fields: { image_sizes: 'sizes' },
      },
    ],
    language: { type: 'language/decoder' },
  },
  {
    family: 'pipeline',
    modelTypes: ['idefics2'],
    kind: 'pipeline',
    ways: [
      {
        ...pictures,
        token: 'image_token_id',
        preprocess: { type: 'vision/native-resolution' },
        vision: [[{ type: 'encoder/idefics3-vision' }], [{ type: 'projector/idefics2-perceiver' }]],
        fields: { pixel_attention_mask: 'pixel mask' },
      },
    ],
    language: { type: 'language/decoder' },
  },
  {
    family: 'pipeline',
    modelTypes: ['qwen2_vl', 'qwen2_5_vl'],
    kind: 'pipeline',
    ways: [
      {
        ...pictures,
        token: 'image_token_id',
        preprocess: { type: 'vision/native-resolution' },
        vision: [[{ type: 'encoder/qwen2-vl-vision' }]],
        patches: {
          held: 'grouped patches of two frames',
          field: 'patches by groups, twice',
          grids: 'image_grid_thw',
        },
        fields: { image_grid_thw: 'patch grid of one moment' },
      },
    ],
    language: { type: 'language/decoder' },
    places: { mm_token_type_ids: 'visual' },
    positions: 'position_ids',
  },
  {
    family: 'pipeline',
    modelTypes: ['janus', 'deepseek_vl'],
    kind: 'pipeline',
    ways: [
      {
        ...pictures,
        token: 'image_token_id',
        preprocess: { type: 'vision/preprocess' },
        vision: [[{ type: 'encoder/siglip' }], [{ type: 'projector/mlp' }]],
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
