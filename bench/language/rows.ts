/** The language models that are measured, each as a graph of its own: a prompt of words, the model, the answer. */
import type { GraphDocument, Json } from '#engine/contract/document.ts';
import { catalogue } from '#nodes/index.ts';

export const newTokens = 64;
/** Words of the prompt; the stand-in tokenizer makes one token of each short one. */
const promptWords = 600;

interface BenchRow {
  readonly title: string;
  readonly type: keyof typeof catalogue;
  readonly params: Readonly<Record<string, Json>>;
}

const decoder = (title: string, model: string): BenchRow => ({
  title,
  type: 'language/decoder',
  params: { model },
});

export const benchRows: Readonly<Record<string, BenchRow>> = {
  tinyllama: decoder('TinyLlama 1.1B', 'tinyllama-1.1b'),
  'phi-2': decoder('Phi-2 2.7B', 'phi-2'),
  'gemma-2b': decoder('Gemma 2B', 'gemma-2b'),
  'qwen1.5-1.8b': decoder('Qwen1.5 1.8B', 'qwen1.5-1.8b'),
  'mamba-1.4b': { title: 'Mamba 1.4B', type: 'language/mamba', params: { model: 'mamba-1.4b' } },
};

/** Random weights at int4. */
export function benchDocument({ title, type, params }: BenchRow): GraphDocument {
  const text = Array.from({ length: promptWords }, () => 'word').join(' ');
  const language = {
    ...params,
    template: '{prompt}',
    maxNewTokens: newTokens,
    stopAtEndOfText: false,
    precision: 'int4',
    blockSize: '128',
  };
  return {
    format: 'patchbay',
    version: 1,
    title: `${title}, int4`,
    about: '',
    nodes: {
      prompt: { type: 'input/prompt', version: 1, params: { text } },
      language: { type, version: catalogue[type].version, params: language },
      answer: { type: 'output/answer', version: 1, params: {} },
    },
    edges: [
      { from: { node: 'prompt', port: 'text' }, to: { node: 'language', port: 'prompt' } },
      { from: { node: 'language', port: 'answer' }, to: { node: 'answer', port: 'answer' } },
    ],
    layout: {},
    notes: [],
  };
}
