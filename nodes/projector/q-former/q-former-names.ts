/** Where checkpoints keep the tensors of a Q-Former; the node calls them as the Hugging Face library does for BLIP-2. */
import type { KeyLayout } from '#engine/onnx/weight.ts';

/** Only text passes through these, so a model that reads none leaves them. */
const isOfText = (key: string): boolean =>
  /\.encoder\.layer\.\d+\.(intermediate|output)\./.test(key) ||
  /\.(word_embeddings\.weight|position_embeddings\.weight|position_ids)$/.test(key);

function library(title: string, norm: string): KeyLayout {
  return {
    title,
    key: (name) =>
      name
        .replace(/^qformer\.layernorm\b/, norm)
        .replace(/^ln_vision\b/, 'vision_model.post_layernorm'),
    owns: (key) => key === 'query_tokens' || /^(qformer|language_projection)\./.test(key),
    ignores: isOfText,
  };
}

/** `projection` is named after the language model behind it. */
function original(title: string, projection: string): KeyLayout {
  return {
    title,
    key: (name) =>
      name
        .replace(/^qformer\.layernorm\b/, 'Qformer.bert.embeddings.LayerNorm')
        .replace(/^qformer\./, 'Qformer.bert.')
        .replace('attention.attention.', 'attention.self.')
        .replace(/^language_projection\b/, projection),
    owns: (key) =>
      key === 'query_tokens' || key.startsWith('Qformer.bert.') || key.startsWith(`${projection}.`),
    ignores: isOfText,
  };
}

/** Its own names for what is around the BERT of LAVIS; what follows the queries is another node's. */
const llamaVid: KeyLayout = {
  title: 'LLaMA-VID',
  key: (name) =>
    name
      .replace(/^qformer\.layernorm\b/, 'model.vlm_att_encoder.bert.embeddings.LayerNorm')
      .replace(/^qformer\./, 'model.vlm_att_encoder.bert.')
      .replace('attention.attention.', 'attention.self.')
      .replace(/^query_tokens\b/, 'model.vlm_att_query')
      .replace(/^ln_vision\b/, 'model.vlm_att_ln'),
  owns: (key) => /^model\.vlm_att_(encoder\.bert\.|query$|ln\.)/.test(key),
  ignores: isOfText,
};

export const qFormerLayouts: readonly KeyLayout[] = [
  library('BLIP-2, Hugging Face', 'qformer.layernorm'),
  library('InstructBLIP, Hugging Face', 'qformer.embeddings.layernorm'),
  original('LAVIS, before OPT', 'opt_proj'),
  original('LAVIS, before T5', 't5_proj'),
  original('LAVIS, before Vicuna', 'llm_proj'),
  llamaVid,
];
