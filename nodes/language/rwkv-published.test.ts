/** Published RWKVs: how large they are, and what their tensors are called. */
import { expect, it } from 'vitest';
import { countParameters } from '#engine/estimate/model-cost.ts';
import { stateBytes } from '#engine/node/decoder-protocol.ts';
import { smallRwkvGraphs } from '#verify/small-rwkv.testing.ts';
import { publishedRwkvs, type PublishedRwkv } from './rwkv-architecture.ts';
import { rwkvKeyLayouts } from './rwkv-names.ts';

/**
 * Parameters as the papers give them, to three or four digits: 2305.13048, table 2, and 2404.05892, table 11. Of RWKV-4
 * World and of the two largest RWKV-6, which are in no table, what the papers' formulas give (those of RWKV-6 with
 * the wider ranks that its author's code has at 4096 channels).
 */
const sourced = {
  'rwkv4-pile-169m': 1.693e8,
  'rwkv4-pile-430m': 4.304e8,
  'rwkv4-pile-1.5b': 1.515e9,
  'rwkv4-pile-3b': 2.985e9,
  'rwkv4-pile-7b': 7.393e9,
  'rwkv4-pile-14b': 1.415e10,
  'rwkv5-world-0.4b': 4.62e8,
  'rwkv5-world-1.5b': 1.58e9,
  'rwkv5-world-3b': 3.06e9,
  'rwkv5-world-7b': 7.52e9,
  'rwkv6-world-1.6b': 1.6e9,
  'rwkv6-world-3b': 3.1e9,
} as const satisfies Partial<Record<PublishedRwkv, number>>;

/** 13 matrices of D × D a layer, some vectors, and both ends. */
function byFormula(model: PublishedRwkv): number {
  const {
    generation,
    hiddenSize: D,
    layerCount: L,
    vocabularySize: V,
  } = publishedRwkvs[model].architecture;
  const vectors = { 4: 11, 5: 14, 6: D === 4096 ? 16 + 2 * 448 : 464 }[generation];
  return 13 * D * D * L + vectors * D * L + 4 * D + 2 * V * D;
}

it.each(Object.keys(publishedRwkvs) as PublishedRwkv[])(
  '%s has the parameters and the state of the papers: 5 numbers a channel, or 66',
  (model) => {
    const { architecture } = publishedRwkvs[model];
    const { embed, decoder } = smallRwkvGraphs(architecture, '/nowhere', null);
    const counted = countParameters([embed, decoder.model]);
    expect(counted).toBe(byFormula(model));
    const published = (sourced as Partial<Record<PublishedRwkv, number>>)[model] ?? counted;
    expect(Math.abs(counted / published - 1)).toBeLessThan(0.005);
    const { hiddenSize, layerCount, generation } = architecture;
    const numbers = (generation === '4' ? 5 : 66) * hiddenSize * layerCount;
    expect(stateBytes(decoder.state, [0])).toEqual({
      keyValueBytes: 0,
      recurrentBytes: 4 * numbers,
    });
  },
);

it('tensors have the names of either spelling', () => {
  const [author, huggingFace] = rwkvKeyLayouts(false);
  const names = [
    'emb.weight',
    'blocks.0.ln0.weight',
    'blocks.10.ln2.bias',
    'blocks.10.att.time_mix_k',
    'blocks.10.att.time_mix_g',
    'blocks.10.att.time_maa_k',
    'blocks.10.att.ln_x.weight',
    'blocks.10.ffn.time_mix_r',
    'blocks.10.ffn.time_maa_r',
    'ln_out.weight',
    'head.weight',
  ];
  expect(names.map((name) => author?.key(name))).toEqual(names);
  expect(names.map((name) => huggingFace?.key(name))).toEqual([
    'rwkv.embeddings.weight',
    'rwkv.blocks.0.pre_ln.weight',
    'rwkv.blocks.10.ln2.bias',
    'rwkv.blocks.10.attention.time_mix_key',
    'rwkv.blocks.10.attention.time_mix_gate',
    'rwkv.blocks.10.attention.time_maa_k',
    'rwkv.blocks.10.attention.ln_x.weight',
    'rwkv.blocks.10.feed_forward.time_mix_receptance',
    'rwkv.blocks.10.feed_forward.time_maa_r',
    'rwkv.ln_out.weight',
    'head.weight',
  ]);
});
