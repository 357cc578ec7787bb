/** The language models that are measured, each as a graph of its own: a prompt of words, the model, the answer. */
import type { GraphDocument, Json } from '#engine/contract/document.ts';
import { catalogue } from '#nodes/index.ts';
import type { PublishedExperts } from '#nodes/moe/published-experts.ts';

export const newTokens = 64;
/** Words of the prompt, where nothing else is said; the stand-in tokenizer makes one token of each short one. */
const promptWords = 600;

export interface BenchRow {
  readonly title: string;
  readonly type: keyof typeof catalogue;
  readonly params: Readonly<Record<string, Json>>;
  /** The experts in place of its feed-forwards: published ones, or so many. */
  readonly experts?: PublishedExperts | { readonly experts: number; readonly topK: number };
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
  'qwen1.5-moe-a2.7b': {
    ...decoder('Qwen1.5-MoE A2.7B', 'qwen1.5-moe-a2.7b'),
    experts: 'qwen1.5-moe-a2.7b',
  },
  'rwkv6-1.6b': {
    title: 'RWKV-6 1.6B',
    type: 'language/rwkv',
    params: { model: 'rwkv6-world-1.6b' },
  },
  'mamba-1.4b': { title: 'Mamba 1.4B', type: 'language/mamba', params: { model: 'mamba-1.4b' } },
};

const weights = { precision: 'int4', blockSize: '128' } as const;

/** Three letters, another word at each of the first 17,576 places: alike tokens would all be sent to the same experts. */
function wordAt(place: number): string {
  const [letters, code] = [26, (place * 7919) % 26 ** 3];
  return [code, code / letters, code / letters ** 2]
    .map((part) => String.fromCharCode(97 + (Math.floor(part) % letters)))
    .join('');
}

/** Random weights at int4, where the row's parameters say nothing else. */
export function benchDocument(
  { title, type, params, experts }: BenchRow,
  words = promptWords,
): GraphDocument {
  const text = Array.from({ length: words }, (_, place) => wordAt(place)).join(' ');
  const language = {
    ...weights,
    ...params,
    template: '{prompt}',
    maxNewTokens: newTokens,
    stopAtEndOfText: false,
  };
  const part = {
    type: 'moe/feed-forward',
    version: catalogue['moe/feed-forward'].version,
    params: { ...(typeof experts === 'object' ? experts : { model: experts ?? '' }), ...weights },
  };
  return {
    format: 'patchbay',
    version: 1,
    title: `${title}, int4`,
    about: '',
    nodes: {
      prompt: { type: 'input/prompt', version: 1, params: { text } },
      language: { type, version: catalogue[type].version, params: language },
      ...(experts !== undefined && { experts: part }),
      answer: { type: 'output/answer', version: 1, params: {} },
    },
    edges: [
      { from: { node: 'prompt', port: 'text' }, to: { node: 'language', port: 'prompt' } },
      ...(experts === undefined
        ? []
        : [
            {
              from: { node: 'experts', port: 'part' },
              to: { node: 'language', port: 'feedForward' },
            },
          ]),
      { from: { node: 'language', port: 'answer' }, to: { node: 'answer', port: 'answer' } },
    ],
    layout: {},
    notes: [],
  };
}
