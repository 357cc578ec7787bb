/** What the tensors of a state-space model are called by the authors of Mamba, and by Hugging Face. */
import type { KeyLayout } from '#engine/onnx/weight.ts';

export const embeddingName = 'backbone.embedding.weight';
export const finalNormName = 'backbone.norm_f';
export const headName = 'lm_head';

/** Of one block: its norm, and what the names of its mixer begin with. */
export const blockNames = (layer: number) => ({
  norm: `backbone.layers.${layer}.norm`,
  mixer: `backbone.layers.${layer}.mixer`,
});

/** Where the head is the embedding table, its authors save it a second time. */
export function stateSpaceKeyLayouts(
  family: string,
  tiedEmbeddings: boolean,
): readonly KeyLayout[] {
  const layout = (title: string, embedding: string): KeyLayout => ({
    title,
    key: (name) => (name === embeddingName ? embedding : name),
    owns: (key) => key.startsWith('backbone.') || key.startsWith(`${headName}.`),
    ignores: (key) => tiedEmbeddings && key === `${headName}.weight`,
  });
  return [
    layout(`${family}, its authors`, embeddingName),
    layout(`${family}, Hugging Face`, 'backbone.embeddings.weight'),
  ];
}
