/** Preprocessing of pictures: the rows of the family `preprocess`. */
import type { CaseRow } from './case-row.ts';

export const preprocessRows: readonly CaseRow[] = [
  {
    family: 'preprocess',
    names: ['llava-next-anyres', 'llava-onevision-anyres'],
    kind: 'preprocess',
    node: { type: 'vision/anyres-tiles' },
  },
  {
    family: 'preprocess',
    names: ['internvl-tiles'],
    kind: 'preprocess',
    node: { type: 'vision/dynamic-tiles' },
  },
  {
    family: 'preprocess',
    names: ['idefics3-split', 'idefics3-no-split', 'smolvlm-split'],
    kind: 'preprocess',
    node: { type: 'vision/split-tiles' },
  },
  {
    family: 'preprocess',
    names: ['gemma3-pan-and-scan'],
    kind: 'preprocess',
    node: { type: 'vision/pan-and-scan' },
  },
  {
    family: 'preprocess',
    names: ['pixtral'],
    kind: 'preprocess',
    node: { type: 'vision/native-resolution' },
    fields: { pixel_values: 'pixels', image_sizes: 'sizes' },
  },
  {
    family: 'preprocess',
    names: ['qwen2-vl'],
    kind: 'preprocess',
    node: { type: 'vision/native-resolution' },
    fields: {
      pixel_values: 'patches by groups, twice',
      image_grid_thw: 'patch grid of one moment',
    },
  },
  {
    family: 'preprocess',
    names: ['siglip2-naflex'],
    kind: 'preprocess',
    node: { type: 'vision/native-resolution' },
    fields: {
      pixel_values: 'patches, channels last',
      pixel_attention_mask: 'patch mask',
      spatial_shapes: 'patch grid',
    },
  },
  { family: 'preprocess', kind: 'preprocess', node: { type: 'vision/preprocess' } },
];
