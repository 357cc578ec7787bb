/** Vision towers as timm names their tensors: queries, keys and values of a layer lie in one matrix. */
import type { KeyLayout } from '#engine/onnx/weight.ts';
import { fusedLayouts, type FusedTower } from './fused-names.ts';

export interface TimmTower extends Pick<
  FusedTower,
  'outside' | 'inside' | 'cut' | 'hiddenSize' | 'layerCount' | 'usedLayers'
> {
  /** Where whole models keep the tower; '' for the tower alone. */
  readonly prefixes: readonly string[];
  /** What comes before the number of a layer in the node's names, e.g. `encoder.layers.`. */
  readonly layers: string;
  /** The node's own names of a layer's three projections. */
  readonly queryKeyValue: readonly [query: string, key: string, value: string];
  /** Biases of queries and values under names of their own, given in `inside`, as EVA has them. */
  readonly biasesApart?: boolean;
}

/** timm's names of what the Hugging Face library calls so inside a layer of a ViT. */
export const vitInside = {
  layernorm_before: 'norm1',
  layernorm_after: 'norm2',
  'attention.output.dense': 'attn.proj',
  'intermediate.dense': 'mlp.fc1',
  'output.dense': 'mlp.fc2',
} as const;

/** What that library calls the three projections. */
export const vitQueryKeyValue = [
  'attention.attention.query',
  'attention.attention.key',
  'attention.attention.value',
] as const;

/** Everything that a tower of timm has outside its layers. */
const outsideLayers =
  /^(patch_embed|pos_embed|cls_token|reg_token|norm|norm_pre|fc_norm|attn_pool|head)(\.|$)/;

export function timmLayouts(tower: TimmTower): readonly KeyLayout[] {
  const { prefixes, layers, queryKeyValue, biasesApart = false } = tower;
  return fusedLayouts({
    ...tower,
    prefixes: prefixes.map((prefix) => [
      prefix === '' ? 'timm' : `timm, under ${prefix.slice(0, -1)}`,
      prefix,
    ]),
    layers: [layers, 'blocks.'],
    queryKeyValue: { own: queryKeyValue, joined: 'attn.qkv', biasesApart },
    owned: outsideLayers,
    unused: /^(norm|fc_norm|attn_pool|head)\./,
  });
}
