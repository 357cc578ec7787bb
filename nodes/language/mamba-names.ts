/** What the tensors of a Mamba are called by its authors, and by Hugging Face. */
import type { KeyLayout } from '#engine/onnx/weight.ts';

export const embeddingName = 'backbone.embedding.weight';
export const finalNormName = 'backbone.norm_f';
export const headName = 'lm_head';

export interface MambaLayerNames {
  readonly norm: string;
  readonly inputProjection: string;
  readonly convolution: string;
  /** Time steps, what is written and what is read, from one product. */
  readonly selection: string;
  readonly stepProjection: string;
  readonly logRate: string;
  readonly skip: string;
  readonly outputProjection: string;
}

export function mambaLayerNames(layer: number): MambaLayerNames {
  const base = `backbone.layers.${layer}`;
  return {
    norm: `${base}.norm`,
    inputProjection: `${base}.mixer.in_proj`,
    convolution: `${base}.mixer.conv1d`,
    selection: `${base}.mixer.x_proj`,
    stepProjection: `${base}.mixer.dt_proj`,
    logRate: `${base}.mixer.A_log`,
    skip: `${base}.mixer.D`,
    outputProjection: `${base}.mixer.out_proj`,
  };
}

/** Where the head is the embedding table, its authors save it a second time. */
export function mambaKeyLayouts(tiedEmbeddings: boolean): readonly KeyLayout[] {
  const layout = (title: string, embedding: string): KeyLayout => ({
    title,
    key: (name) => (name === embeddingName ? embedding : name),
    owns: (key) => key.startsWith('backbone.') || key.startsWith(`${headName}.`),
    ignores: (key) => tiedEmbeddings && key === `${headName}.weight`,
  });
  return [
    layout('Mamba, its authors', embeddingName),
    layout('Mamba, Hugging Face', 'backbone.embeddings.weight'),
  ];
}
