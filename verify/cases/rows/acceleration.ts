/** What makes a language model faster: the rows of the family `acceleration`. */
import type { CaseRow, LanguageSource } from './case-row.ts';

/** FastV, where what is pruned is masked or dropped. */
const whenPruned = (pruned: 'masked' | 'dropped') => (source: LanguageSource) => ({
  source,
  partParams: { acceleration: { pruned } },
});
const [whenMasked, whenDropped] = [whenPruned('masked'), whenPruned('dropped')];

/** VTW, where words are counted anew behind the layer. */
const whenReset = (source: LanguageSource) => ({
  source,
  partParams: { acceleration: { positions: 'reset' } },
});

const fastv = {
  family: 'acceleration',
  kind: 'language',
  node: { type: 'language/decoder' },
  parts: { acceleration: { type: 'acceleration/fastv' } },
} as const;

const fastvOutputs = {
  // hidden<i> enters layer i; the last one has passed the final norm.
  hidden0: 'tap.embeddings',
  hidden1: 'tap.block.0',
  hidden2: 'tap.block.1',
  hidden3: 'tap.block.2',
  hidden4: 'tap.final',
  image_scores: 'tap.scores',
  kept_positions: 'tap.kept',
  logits: 'logits',
  greedy_tokens: 'greedy.ids',
  greedy_logits: 'greedy.logits',
} as const;
const fastvVisual = { start: 'image_token_start_index', count: 'image_token_length' };

export const accelerationRows: readonly CaseRow[] = [
  { ...fastv, names: ['fastv'], visual: fastvVisual, outputs: fastvOutputs },
  { ...fastv, names: ['fastv-nocache'], visual: fastvVisual, rereads: true, outputs: fastvOutputs },
  {
    ...fastv,
    names: ['fastv-mask'],
    visual: { start: 'fast_v_sys_length', count: 'fast_v_image_token_length' },
    rereads: true,
    outputs: {
      image_scores: 'tap.scores',
      mask_last_hidden: whenMasked('tap.final'),
      mask_logits: whenMasked('logits'),
      mask_greedy_tokens: whenMasked('greedy.ids'),
      mask_greedy_logits: whenMasked('greedy.logits'),
      drop_last_hidden: whenDropped('tap.final'),
      drop_logits: whenDropped('logits'),
      drop_greedy_tokens: whenDropped('greedy.ids'),
      drop_greedy_logits: whenDropped('greedy.logits'),
    },
  },
  {
    family: 'acceleration',
    names: ['vtw'],
    kind: 'language',
    node: { type: 'language/decoder' },
    parts: { acceleration: { type: 'acceleration/vtw', paramKeys: { layer: ['k'] } } },
    visual: { start: 'system_token_nums', count: 'image_token_nums' },
    outputs: {
      hidden0: 'tap.embeddings',
      hidden1: 'tap.block.0',
      hidden2: 'tap.block.1',
      hidden3: 'tap.block.2',
      keep_last_hidden: 'tap.final',
      keep_logits: 'logits',
      keep_greedy_tokens: 'greedy.ids',
      keep_greedy_logits: 'greedy.logits',
      keep_cache_lengths: 'cache.lengths',
      reset_last_hidden: whenReset('tap.final'),
      reset_logits: whenReset('logits'),
      reset_greedy_tokens: whenReset('greedy.ids'),
      reset_greedy_logits: whenReset('greedy.logits'),
      reset_cache_lengths: whenReset('cache.lengths'),
    },
  },
];
