/** Attention of other kinds: the rows of the family `attention`. */
import type { CaseRow } from './case-row.ts';

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
];
