/** Published mixtures of experts, from their config.json where nothing else is said. */
import type { ChoiceOption } from '#engine/node/param.ts';

/** Of a custom mixture, what differs from the defaults; layers are counted from 0. */
export const publishedExperts = {
  // MoE-LLaVA's own settings, whatever the language model.
  'moe-llava': {
    experts: 4,
    topK: 2,
    layers: 'every-second',
    routing: 'capacity',
    capacityFactor: 2,
    leastCapacity: 0,
  },
  'mixtral-8x7b': { experts: 8, topK: 2, layers: 'all', expertSize: 14_336 },
  'mixtral-8x22b': { experts: 8, topK: 2, layers: 'all', expertSize: 16_384 },
  'qwen1.5-moe-a2.7b': {
    experts: 60,
    topK: 4,
    layers: 'all',
    renormalise: false,
    expertSize: 1408,
    shared: 'gated',
    sharedSize: 5632,
  },
  'qwen3-30b-a3b': { experts: 128, topK: 8, layers: 'all', expertSize: 768 },
  'olmoe-1b-7b': { experts: 64, topK: 8, layers: 'all', renormalise: false, expertSize: 1024 },
  'granite-3.0-1b-a400m': {
    experts: 32,
    topK: 8,
    layers: 'all',
    routing: 'chosen-softmax',
    expertSize: 512,
  },
  'granite-3.0-3b-a800m': {
    experts: 40,
    topK: 8,
    layers: 'all',
    routing: 'chosen-softmax',
    expertSize: 512,
  },
  'phi-3.5-moe': {
    experts: 16,
    topK: 2,
    layers: 'all',
    routing: 'sparse-mixer',
    jitter: 0.01,
    expertSize: 6400,
  },
  // Two shared experts of one expert's width are one of twice the width.
  'deepseek-v2-lite': {
    experts: 64,
    topK: 6,
    layers: 'from-on',
    firstLayer: 1,
    renormalise: false,
    expertSize: 1408,
    shared: 'added',
    sharedSize: 2816,
  },
  'deepseek-v2': {
    experts: 160,
    topK: 6,
    layers: 'from-on',
    firstLayer: 1,
    routing: 'groups',
    groups: 8,
    chosenGroups: 3,
    renormalise: false,
    scale: 16,
    expertSize: 1536,
    shared: 'added',
    sharedSize: 3072,
  },
  // The paper of MM1 (arXiv 2403.09611): every second and every fourth layer; the first of them is not told.
  'mm1-3b-moe': { experts: 64, topK: 2, layers: 'every-second' },
  'mm1-7b-moe': { experts: 32, topK: 2, layers: 'from-on', layerStep: 4 },
} as const;

export type PublishedExperts = keyof typeof publishedExperts;

const titles: Readonly<Record<PublishedExperts, string>> = {
  'moe-llava': 'MoE-LLaVA, 4 experts',
  'mixtral-8x7b': 'Mixtral 8x7B',
  'mixtral-8x22b': 'Mixtral 8x22B',
  'qwen1.5-moe-a2.7b': 'Qwen1.5-MoE A2.7B',
  'qwen3-30b-a3b': 'Qwen3 30B-A3B',
  'olmoe-1b-7b': 'OLMoE 1B-7B',
  'granite-3.0-1b-a400m': 'Granite 3.0 1B-A400M',
  'granite-3.0-3b-a800m': 'Granite 3.0 3B-A800M',
  'phi-3.5-moe': 'Phi-3.5-MoE',
  'deepseek-v2-lite': 'DeepSeek-V2-Lite',
  'deepseek-v2': 'DeepSeek-V2',
  'mm1-3b-moe': 'MM1 3B-MoE, 64 experts',
  'mm1-7b-moe': 'MM1 7B-MoE, 32 experts',
};

export const publishedExpertOptions = Object.entries(titles).map(([value, label]) => ({
  value: value as PublishedExperts,
  label,
})) satisfies readonly ChoiceOption[];
