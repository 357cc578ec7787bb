/** Where checkpoints keep the tensors of an EVA-02; the node calls them as timm does in its base and large. */
import type { KeyLayout } from '#engine/onnx/weight.ts';
import { fusedLayouts, type FusedTower } from './fused-names.ts';
import { libraryLayouts } from './library-names.ts';

const own = ['attn.q_proj', 'attn.k_proj', 'attn.v_proj'] as const;
const owned = /^(patch_embed|pos_embed|cls_token|norm|fc_norm|head|rope)(\.|$)/;
const unused = /^(norm|fc_norm|head|rope)(\.|$)/;

/** Of the norm behind the last layer: timm calls it after what it norms. */
const finalNorms = [
  ['timm', 'norm'],
  ['timm, norm of the mean', 'fc_norm'],
] as const;

export function eva02Layouts(
  extent: Pick<FusedTower, 'hiddenSize' | 'layerCount' | 'usedLayers'> & {
    readonly feedForwardSize: number;
  },
): readonly KeyLayout[] {
  const { feedForwardSize } = extent;
  const apart = finalNorms.flatMap(([title, norm]) =>
    libraryLayouts({
      ...extent,
      prefixes: [[title, '']],
      layers: 'blocks.',
      owned: /^(patch_embed|pos_embed|cls_token|norm|fc_norm|head|blocks|rope)(\.|$)/,
      unused,
    }).map((layout) => ({ ...layout, key: (name: string) => name.replace(/^norm\./, `${norm}.`) })),
  );
  const joined = finalNorms.flatMap(([title, norm]) =>
    fusedLayouts({
      ...extent,
      prefixes: [[`${title}, joined matrices`, '']],
      outside: { norm },
      layers: ['blocks.', 'blocks.'],
      inside: {
        'attn.q_proj.bias': 'attn.q_bias',
        'attn.v_proj.bias': 'attn.v_bias',
        'mlp.fc1_g': 'mlp.fc1',
        'mlp.fc1_x': 'mlp.fc1',
      },
      queryKeyValue: { own, joined: 'attn.qkv', biasesApart: true },
      cut(name) {
        const [, part] = /\.mlp\.fc1_([gx])\./.exec(name) ?? [];
        if (part === undefined) return null;
        return { start: part === 'g' ? 0 : feedForwardSize, of: 2 * feedForwardSize };
      },
      owned,
      unused,
    }),
  );
  return [...apart, ...joined, ...authorsLayouts(extent)];
}

/** As EVA-CLIP's own code has them. */
const authorsNames = [
  [/\.attn\.([qv])_proj\.bias$/, '.attn.$1_bias'],
  [/\.attn\.norm\./, '.attn.inner_attn_ln.'],
  [/\.mlp\.fc1_g\./, '.mlp.w1.'],
  [/\.mlp\.fc1_x\./, '.mlp.w2.'],
  [/\.mlp\.norm\./, '.mlp.ffn_ln.'],
  [/\.mlp\.fc2\./, '.mlp.w3.'],
] as const;

function authorsLayouts(
  extent: Pick<FusedTower, 'layerCount' | 'usedLayers'>,
): readonly KeyLayout[] {
  const layouts = libraryLayouts({
    ...extent,
    prefixes: [
      ['EVA-CLIP', 'visual.'],
      ['EVA-CLIP, tower alone', ''],
    ],
    layers: 'blocks.',
    owned: /^(patch_embed|pos_embed|cls_token|norm|head|blocks|rope)(\.|$)/,
    // The tables of rotary positions are computed.
    unused,
  });
  return layouts.map(({ key, ...layout }) => ({
    ...layout,
    key: (name) =>
      authorsNames.reduce((called, [ours, theirs]) => called.replace(ours, theirs), key(name)),
  }));
}
