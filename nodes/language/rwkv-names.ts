/** What the tensors of an RWKV are called by its author, whose names the graph takes, and by Hugging Face. */
import type { KeyLayout } from '#engine/onnx/weight.ts';

export const embeddingName = 'emb.weight';
/** The norm of the embeddings, which checkpoints keep in the first block. */
export const embeddingNormName = 'blocks.0.ln0';
export const finalNormName = 'ln_out';
export const headName = 'head';

export interface RwkvLayerNames {
  readonly timeNorm: string;
  readonly timeMix: string;
  readonly channelNorm: string;
  readonly channelMix: string;
}

export function rwkvLayerNames(layer: number): RwkvLayerNames {
  const base = `blocks.${layer}`;
  return {
    timeNorm: `${base}.ln1`,
    timeMix: `${base}.att`,
    channelNorm: `${base}.ln2`,
    channelMix: `${base}.ffn`,
  };
}

/** Generations 4 and 5 write out what is mixed; 6 has names of its own, which are the same in both. */
const mixed: Readonly<Record<string, string>> = {
  time_mix_k: 'time_mix_key',
  time_mix_v: 'time_mix_value',
  time_mix_r: 'time_mix_receptance',
  time_mix_g: 'time_mix_gate',
};

/** `blocks.3.att.key.weight` → `rwkv.blocks.3.attention.key.weight`; the head stands outside. */
function huggingFaceKey(name: string): string {
  if (name.startsWith(`${headName}.`)) return name;
  const key = name
    .replace(/^emb\./, 'embeddings.')
    .replace(/^(blocks\.\d+)\.att\./, '$1.attention.')
    .replace(/^(blocks\.\d+)\.ffn\./, '$1.feed_forward.')
    .replace(embeddingNormName, 'blocks.0.pre_ln')
    .replace(/time_mix_\w$/, (mix) => mixed[mix] ?? mix);
  return `rwkv.${key}`;
}

export function rwkvKeyLayouts(tiedEmbeddings: boolean): readonly KeyLayout[] {
  const isHead = (key: string): boolean => key.startsWith(`${headName}.`);
  const ignores = (key: string): boolean => tiedEmbeddings && isHead(key);
  return [
    {
      title: 'RWKV, its author',
      key: (name) => name,
      owns: (key) => isHead(key) || /^(emb|blocks|ln_out)\./.test(key),
      ignores,
    },
    {
      title: 'RWKV, Hugging Face',
      key: huggingFaceKey,
      owns: (key) => isHead(key) || key.startsWith('rwkv.'),
      ignores,
    },
  ];
}
