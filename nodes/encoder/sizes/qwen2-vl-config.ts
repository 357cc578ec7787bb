/** The towers of Qwen2-VL and Qwen2.5-VL as published configurations describe them, each in its own words. */
import { z } from 'zod';
import type { ConfigFiles, JsonObject } from '#engine/contract/config-files.ts';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import { readFigures, unsupported } from '../../config/published-config.ts';
import { framesInPatch, merged, type QwenShape } from '../layers/qwen2-vl-layers.ts';
import {
  everyOf,
  towerFromConfig,
  type FoundTower,
  type TowerConfig,
} from '../tower/tower-config.ts';

/** It was trained on pictures of many sizes, of which this is a usual one. */
export const usualSize = 448;

const product = (...factors: readonly unknown[]): number | null =>
  factors.every((factor) => typeof factor === 'number')
    ? factors.reduce((all, factor) => all * factor, 1)
    : null;

const first: TowerConfig = {
  title: 'Qwen2-VL',
  modelTypes: ['qwen2_vl_vision', 'qwen2_vl'],
  defaults: {
    depth: 32,
    embed_dim: 1280,
    hidden_size: 3584,
    hidden_act: 'quick_gelu',
    mlp_ratio: 4,
    num_heads: 16,
    patch_size: 14,
  },
  derived: (own) => ({
    ...shared(own),
    hidden_size: own['embed_dim'] ?? null,
    intermediate_size: product(own['embed_dim'], own['mlp_ratio']),
    out_hidden_size: own['hidden_size'] ?? null,
  }),
};

const second: TowerConfig = {
  title: 'Qwen2.5-VL',
  modelTypes: ['qwen2_5_vl_vision', 'qwen2_5_vl'],
  defaults: {
    depth: 32,
    hidden_size: 3584,
    hidden_act: 'silu',
    intermediate_size: 3420,
    num_heads: 16,
    patch_size: 14,
    window_size: 112,
    out_hidden_size: 3584,
    fullatt_block_indexes: [7, 15, 23, 31],
  },
  derived: shared,
};

function shared(own: JsonObject): JsonObject {
  return {
    image_size: usualSize,
    num_hidden_layers: own['depth'] ?? null,
    num_attention_heads: own['num_heads'] ?? null,
    layer_norm_eps: 1e-6,
  };
}

const detailsSchema = z.object({
  out_hidden_size: z.int(),
  window_size: z.int().default(0),
  fullatt_block_indexes: z.array(z.int()).default([]),
  spatial_merge_size: z.int().default(merged),
  temporal_patch_size: z.int().default(framesInPatch),
});

export interface FoundQwen {
  readonly title: string;
  readonly shape: QwenShape;
}

/** Fails with `config-foreign`, or `config-unsupported` for another merging than was published. */
export function qwenFromConfig(files: ConfigFiles): Outcome<FoundQwen> {
  const old = towerFromConfig(files, first);
  if (old.ok) return detailed(first.title, old.value, false);
  const found = towerFromConfig(files, second);
  return found.ok ? detailed(second.title, found.value, true) : found;
}

function detailed(title: string, { own, shape }: FoundTower, isNew: boolean): Outcome<FoundQwen> {
  const read = readFigures(detailsSchema, own, 'config.json');
  if (!read.ok) return read;
  const details = read.value;
  if (details.spatial_merge_size !== merged || details.temporal_patch_size !== framesInPatch)
    return unsupported('Merging other than two by two patches of two frames');
  const every = isNew ? everyOf(details.fullatt_block_indexes, shape.layerCount) : 8;
  if (every === null) return unsupported('Full attention in layers that are not evenly apart');
  return ok({
    title,
    shape: {
      ...shape,
      normKind: isNew ? 'rms' : 'layer',
      gated: isNew,
      windowPixels: isNew ? details.window_size : 0,
      globalEvery: every,
      outputSize: details.out_hidden_size,
    },
  });
}
