/** Where checkpoints keep the table that gives tokens their vectors. */
import type { KeyLayout } from '#engine/onnx/weight.ts';

export const tableName = 'embed_tokens.weight';

const layout = (title: string, key: string): KeyLayout => ({
  title,
  key: () => key,
  owns: (name) => name === key,
});

export const embeddingLayouts: readonly KeyLayout[] = [
  layout('table alone', tableName),
  layout('language model alone', 'model.embed_tokens.weight'),
  layout('LLaVA, Hugging Face', 'language_model.model.embed_tokens.weight'),
  layout('LLaVA, Hugging Face, since version 5', 'model.language_model.embed_tokens.weight'),
  layout('MiniCPM-V', 'llm.model.embed_tokens.weight'),
  layout('BERT alone', 'embeddings.word_embeddings.weight'),
  layout('BERT in a model with a head', 'bert.embeddings.word_embeddings.weight'),
  layout('InstructBLIP, Hugging Face', 'qformer.embeddings.word_embeddings.weight'),
  layout('InstructBLIP, LAVIS', 'Qformer.bert.embeddings.word_embeddings.weight'),
];
