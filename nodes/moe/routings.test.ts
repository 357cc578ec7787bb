/** How tokens are sent to experts, against the formulas of the papers, and what cannot be asked. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JsonObject } from '#engine/contract/config-files.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { oneHot } from '#engine/onnx/blocks/expert-choice.ts';
import { multiply, sum } from '#engine/onnx/operators.ts';
import { unsqueeze } from '#engine/onnx/shape-operators.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { config, taken } from '#verify/taking-config.testing.ts';
import { catalogue } from '../index.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { largestError, softmax, toRows, type Row } from '../slow-formulas.testing.ts';
import { routings, type RoutingFigures, type RoutingName } from './routings.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const [tokens, experts] = [23, 12];
const logits = normalNumbers(tokens * experts, 7);
const rows = toRows(logits, experts);

const figures: RoutingFigures = {
  experts,
  topK: 3,
  renormalise: false,
  groups: 4,
  chosenGroups: 2,
  jitter: 0.1,
  capacityFactor: 1,
  leastCapacity: 0,
};

/** The weight of each expert for each token: [T · E]. */
async function weightsBy(routing: RoutingName, given: Partial<RoutingFigures>) {
  const g = new GraphBuilder();
  const x = g.input('logits', 'float32', ['sequence', experts]);
  const choice = routings[routing].choose(g, x, { ...figures, ...given });
  const hot = oneHot(g, choice.experts, experts, 'float32'); // [T, k, E]
  g.output('weights', sum(g, multiply(g, hot, unsqueeze(g, choice.weights, 2)), 1, false));
  const feeds = { logits: float32(logits, [tokens, experts]) };
  return floatsOf((await bench.run(g.finish(), feeds))['weights']);
}

/** Places of the largest numbers, the largest first. */
const largest = (row: Row, count: number): readonly number[] =>
  [...row.keys()].toSorted((a, b) => (row[b] ?? 0) - (row[a] ?? 0)).slice(0, count);

const spread = (chosen: readonly number[], weightOf: (expert: number) => number): Row =>
  Array.from({ length: experts }, (_, expert) => (chosen.includes(expert) ? weightOf(expert) : 0));

test.each([false, true])('in groups, renormalised: %s', async (renormalise) => {
  const expected = rows.flatMap((row) => {
    const gates = softmax(row);
    const best = toRows(gates, 3).map((group) => Math.max(...group));
    const open = largest(best, 2);
    const masked = gates.map((gate, expert) => (open.includes(Math.floor(expert / 3)) ? gate : 0));
    const chosen = largest(masked, 3);
    const whole = chosen.reduce((total, expert) => total + (gates[expert] ?? NaN), 0);
    return spread(chosen, (expert) => (gates[expert] ?? NaN) / (renormalise ? whole : 1));
  });
  expect(largestError(await weightsBy('groups', { renormalise }), expected)).toBeLessThan(1e-6);
});

test('groups change what some tokens are sent to', async () => {
  const free = await weightsBy('softmax', {});
  expect(largestError(await weightsBy('groups', {}), free)).toBeGreaterThan(0.01);
});

test('a softmax over the chosen is the renormalised softmax over all', async () => {
  const expected = await weightsBy('softmax', { renormalise: true });
  expect(largestError(await weightsBy('chosen-softmax', {}), expected)).toBeLessThan(1e-6);
});

test.each([0, 0.1, 0.5])('the sparse mixer with a jitter of %d', async (jitter) => {
  const expected = rows.flatMap((row) => {
    const weights: number[] = Array.from({ length: experts }, () => 0);
    const open = new Set(row.keys());
    for (let round = 0; round < 2; round++) {
      const best = [...open].reduce((a, b) => ((row[b] ?? 0) > (row[a] ?? 0) ? b : a));
      const top = row[best] ?? NaN;
      const near = [...open].filter((expert) => {
        const own = row[expert] ?? NaN;
        return (top - own) / Math.max(Math.abs(own), top) <= 2 * jitter;
      });
      const powers = near.map((expert) => Math.exp((row[expert] ?? NaN) - top));
      weights[best] = 1 / powers.reduce((total, power) => total + power, 0);
      open.delete(best);
    }
    return weights;
  });
  const computed = await weightsBy('sparse-mixer', { topK: 2, jitter });
  expect(largestError(computed, expected)).toBeLessThan(1e-6);
});

describe('within a capacity', () => {
  /** First choices of all tokens take their places before any second one. */
  function slowly(topK: number, capacity: number): Row {
    const gates = rows.map(softmax);
    const chosen = gates.map((row) => largest(row, topK));
    const places = Array.from({ length: experts }, () => 0);
    const kept = chosen.map(() => new Set<number>());
    for (let round = 0; round < topK; round++)
      for (const [token, choice] of chosen.entries()) {
        const expert = choice[round] ?? 0;
        places[expert] = (places[expert] ?? 0) + 1;
        if ((places[expert] ?? 0) <= capacity) kept[token]?.add(expert);
      }
    return gates.flatMap((row, token) => {
      const left = [...(kept[token] ?? [])];
      const whole = left.reduce((total, expert) => total + (row[expert] ?? NaN), 0);
      return spread(left, (expert) => (row[expert] ?? NaN) / (topK === 1 ? 1 : whole));
    });
  }

  test.each([
    // ceil(23 / 12 · factor · k)
    { topK: 1, capacityFactor: 0.5, leastCapacity: 0, capacity: 1 },
    { topK: 1, capacityFactor: 1, leastCapacity: 4, capacity: 4 },
    { topK: 2, capacityFactor: 0.75, leastCapacity: 0, capacity: 3 },
    { topK: 2, capacityFactor: 12, leastCapacity: 0, capacity: 46 },
    { topK: 2, capacityFactor: 0, leastCapacity: 0, capacity: 0 },
  ])('of $capacity for top $topK', async ({ topK, capacity, ...given }) => {
    const computed = await weightsBy('capacity', { topK, ...given });
    expect(largestError(computed, slowly(topK, capacity))).toBeLessThan(1e-6);
  });
});

test.each([
  [{ topK: 5 }, 'topK', 'A token cannot go to 5 of 4 experts; set experts a token to 4 or fewer.'],
  [
    { routing: 'groups', groups: 3 },
    'groups',
    '4 experts do not divide into 3 equal groups; choose a number of groups that divides them.',
  ],
  [
    { routing: 'groups', groups: 2, chosenGroups: 3 },
    'chosenGroups',
    '3 of 2 groups cannot be chosen; set groups a token to 2 or fewer.',
  ],
  [
    { routing: 'groups', groups: 4, chosenGroups: 1 },
    'topK',
    '1 of 4 groups hold 1 experts, a token is to have 2; choose more groups a token, or fewer experts.',
  ],
  [
    { routing: 'sparse-mixer', topK: 3 },
    'topK',
    'The sparse mixer takes two experts a token at most, not 3; set experts a token to 1 or 2.',
  ],
  [
    { routing: 'capacity', topK: 3 },
    'topK',
    'Within a capacity a token goes to two experts at most, not 3; set experts a token to 1 or 2.',
  ],
  [
    { layers: 'listed', layerList: '1, last' },
    'layerList',
    '"1, last" lists no layers; give whole numbers with commas between them, such as 1, 3, 5.',
  ],
])('%o cannot be, and it is said why', (params, param, message) => {
  const document = sketchDocument({ moe: ['moe/feed-forward', params] });
  expect(checkGraph(document, catalogue).problems).toMatchObject([
    { code: 'param-invalid', node: 'moe', param, message },
  ]);
});

describe('a published config.json', () => {
  const layered = { num_hidden_layers: 6 };
  const qwen = { model_type: 'qwen2_moe', ...layered };
  const deepSeek = { model_type: 'deepseek_v2', num_experts_per_tok: 6, n_routed_experts: 160 };

  test.each<[string, JsonObject, JsonObject]>([
    ['every layer', qwen, { layers: 'all', shared: 'gated', sharedSize: 5632, expertSize: 1408 }],
    ['every third', { ...qwen, decoder_sparse_step: 3 }, { firstLayer: 2, layerStep: 3 }],
    [
      'every layer but some',
      { ...qwen, mlp_only_layers: [0, 3] },
      { layers: 'listed', layerList: '1, 2, 4, 5' },
    ],
    [
      'groups, a scale and dense first layers',
      {
        ...deepSeek,
        ...layered,
        first_k_dense_replace: 1,
        topk_method: 'group_limited_greedy',
        n_group: 8,
        topk_group: 3,
        routed_scaling_factor: 16,
        moe_intermediate_size: 1536,
      },
      {
        layers: 'from-on',
        firstLayer: 1,
        layerStep: 1,
        routing: 'groups',
        groups: 8,
        chosenGroups: 3,
        renormalise: false,
        scale: 16,
        shared: 'added',
        sharedSize: 3072,
      },
    ],
    [
      'MoE-LLaVA beside its language model',
      {
        model_type: 'moe_llava_stablelm',
        num_hidden_layers: 6,
        moe: {
          moe_enable: true,
          moe_mode: 'sparse',
          moe_layers_idx: [0, 2, 4],
          num_experts: [4, 4, 4],
          top_k_experts: 2,
          capacity_factor: 1.5,
          eval_capacity_factor: 2,
          min_capacity: 0,
          use_residual: false,
        },
      },
      { experts: 4, topK: 2, layers: 'every-second', routing: 'capacity', capacityFactor: 2 },
    ],
  ])('says %s', (_, json, params) => {
    expect(taken(catalogue['moe/feed-forward'], config(json))).toMatchObject({ value: { params } });
  });
});
