/** Experts: the rows of the family `moe`. */
import type { JsonObject } from '#engine/contract/config-files.ts';
import type { CaseRow, FeedForwardRow } from './case-row.ts';
import { languageOutputs } from './language-outputs.ts';

export const moeRows: readonly CaseRow[] = [
  {
    family: 'moe',
    names: ['mixtral-block'],
    kind: 'feed-forward',
    node: { type: 'moe/feed-forward' },
    input: 'hidden_states',
    outputs: { hidden_states: 'output', router_logits: 'router-logits' },
  },
  {
    family: 'moe',
    names: ['moe-llava'],
    kind: 'feed-forward',
    node: {
      type: 'moe/feed-forward',
      paramKeys: {
        experts: ['num_experts'],
        topK: ['top_k'],
        capacityFactor: ['eval_capacity_factor'],
        leastCapacity: ['min_capacity'],
      },
      params: { routing: 'capacity' },
    },
    input: 'x',
    name: 'model.layers.0.mlp',
    outputs: {
      ...capacityOutputs('', {}),
      // Of the key `eval_capacity_factor_tight`.
      ...capacityOutputs('_tight', { capacityFactor: 0.6 }),
      // Room for all: as many times an even share as there are experts.
      ...capacityOutputs('_top1', { topK: 1, capacityFactor: 4 }),
      y_residual: { value: 'output', params: { shared: 'mixed' } },
    },
  },
  {
    family: 'moe',
    modelTypes: ['mixtral', 'qwen2_moe', 'qwen3_moe', 'olmoe', 'granitemoe', 'phimoe'],
    kind: 'language',
    node: { type: 'language/decoder' },
    parts: { feedForward: { type: 'moe/feed-forward' } },
    outputs: languageOutputs,
  },
];

/** What is recorded of DeepSpeed's gates with one setting of them. */
function capacityOutputs(tag: string, params: JsonObject): FeedForwardRow['outputs'] {
  const values = {
    y: 'output',
    combine: 'router-weights',
    l_aux: 'balance-loss',
    exp_counts: 'expert-counts',
    capacity: 'capacity',
  };
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name + tag, { value, params }]),
  );
}
