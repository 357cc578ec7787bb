/** Published decoder-only language models, by the figures of their own config.json: one table row a model. */
import {
  standardArchitecture,
  type DecoderArchitecture,
} from './architecture/decoder-architecture.ts';
import { deepseekRows } from './published/deepseek.ts';
import { expertRows } from './published/experts.ts';
import { gemmaRows } from './published/gemma.ts';
import { gptRows } from './published/gpt.ts';
import { llamaRows } from './published/llama.ts';
import { minicpmRows } from './published/minicpm.ts';
import { mistralRows } from './published/mistral.ts';
import { phiRows } from './published/phi.ts';
import { qwenRows } from './published/qwen.ts';
import type { Row } from './published/row.ts';

const rows = {
  ...llamaRows,
  ...mistralRows,
  ...phiRows,
  ...qwenRows,
  ...gemmaRows,
  ...minicpmRows,
  ...deepseekRows,
  ...gptRows,
  ...expertRows,
} as const;

export type PublishedDecoder = keyof typeof rows;

function architectureOf([, sizes, differs]: Row): DecoderArchitecture {
  const [vocabulary, hidden, layers, heads, keyValueHeads, headSize, feedForward, context] = sizes;
  return {
    ...standardArchitecture,
    ...differs,
    vocabularySize: vocabulary,
    hiddenSize: hidden,
    layerCount: layers,
    headCount: heads,
    keyValueHeadCount: keyValueHeads,
    headSize,
    feedForwardSize: feedForward,
    contextLength: context,
  };
}

export const publishedDecoders = Object.fromEntries(
  Object.entries<Row>(rows).map(([name, row]) => [name, architectureOf(row)]),
) as Readonly<Record<PublishedDecoder, DecoderArchitecture>>;

export const publishedDecoderOptions = (Object.keys(rows) as PublishedDecoder[]).map((name) => ({
  value: name,
  label: rows[name][0],
}));
