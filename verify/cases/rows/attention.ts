/** Attention of other kinds: the rows of the family `attention`. */
import type { CaseRow } from './case-row.ts';

const setFigures = { headCount: ['num_heads'], outputWidth: ['dim'] } as const;

export const attentionRows: readonly CaseRow[] = [
  {
    family: 'attention',
    names: ['linformer'],
    kind: 'attention',
    node: {
      type: 'acceleration/linformer',
      paramKeys: { projected: ['k'], tokens: ['seq_len'] },
    },
    hiddenSize: 'dim',
    headCount: 'heads',
    projections: { query: 'to_q', key: 'to_k', value: 'to_v', output: 'to_out' },
    outputs: {
      y: { tokens: 'x', memory: 'x' },
      y_short: { tokens: 'x_short', memory: 'x_short' },
      y_context: { tokens: 'x', memory: 'context' },
    },
  },
  {
    family: 'attention',
    names: ['performer'],
    kind: 'attention-heads',
    node: { type: 'acceleration/performer', paramKeys: { features: ['nb_features'] } },
    inputs: { query: 'q', key: 'k', value: 'v' },
    outputs: { y: {}, y_causal: { causal: true }, y_relu: { kernel: 'relu' } },
  },
  {
    family: 'attention',
    names: ['set-transformer'],
    kind: 'graph',
    nodes: {
      isab: {
        type: 'projector/set-attention',
        params: { block: 'induced' },
        paramKeys: { ...setFigures, points: ['num_inds'] },
      },
      sab: {
        type: 'projector/set-attention',
        params: { block: 'plain' },
        paramKeys: setFigures,
      },
      pma: {
        type: 'projector/set-pooling',
        paramKeys: { ...setFigures, seeds: ['num_seeds'] },
      },
    },
    wires: ['isab.tokens > sab.tokens', 'sab.tokens > pma.tokens'],
    inputs: { x: 'isab.tokens' },
    outputs: { isab: { node: 'isab' }, sab: { node: 'sab' }, pma: { node: 'pma' } },
  },
  {
    family: 'attention',
    names: ['funnel'],
    kind: 'funnel',
    inputs: { ids: 'input_ids', mask: 'attention_mask', types: 'token_type_ids' },
    vocabularySize: 'vocab_size',
    outputs: {
      hidden0: 0,
      hidden1: 1,
      hidden2: 2,
      hidden3: 3,
      hidden4: 4,
      hidden5: 5,
      last_hidden_state: 5,
    },
  },
];
