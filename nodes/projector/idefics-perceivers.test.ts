/** What the recorded cases of Idefics' and Idefics2's perceivers do not reach: sizes, wires, refusals. */
import { expect, test } from 'vitest';
import { countParameters } from '#engine/estimate/model-cost.ts';
import type { AnyNodeDefinition } from '#engine/node/any-node-definition.ts';
import { estimatedCount, knownCount, type WireOf } from '#engine/node/wire.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { idefics2Perceiver } from './idefics2-perceiver.ts';
import { ideficsPerceiver } from './idefics-perceiver.ts';

const tokensOf = (channels: number): WireOf<'tokens'> => ({
  kind: 'tokens',
  count: estimatedCount(700, 980),
  channels,
  prefixTokens: 1,
  grid: { rows: 27, columns: 27 },
});

test.for<readonly [string, AnyNodeDefinition, number, number, number]>([
  ['Idefics', ideficsPerceiver, 1280, 1280, 125_961_984],
  ['Idefics2', idefics2Perceiver, 1152, 4096, 743_219_200],
])(
  "%s' perceiver has its published size and makes 64 tokens of any number",
  ([, definition, inputs, outputs, parameters]) => {
    const tokens = tokensOf(inputs);
    const built = valueOf(buildSingleNode({ definition, params: {}, inputs: { tokens } }));
    expect(built.outputs['tokens']).toEqual({
      kind: 'tokens',
      count: knownCount(64),
      channels: outputs,
      prefixTokens: 0,
      grid: null,
    });
    expect(countParameters([built.model])).toBe(parameters);
  },
);

test.for<readonly [string, AnyNodeDefinition, object, string]>([
  [
    'an encoder of another width',
    ideficsPerceiver,
    {},
    "Idefics' perceiver works on 1280 channels, its input gives 1152; choose an encoder with 1280, or a custom size.",
  ],
  [
    'another width than was typed',
    idefics2Perceiver,
    { inputWidth: 768 },
    'The projector expects 768 channels, its input gives 1152; set the input width to 1152.',
  ],
  [
    'keys and values that the heads cannot share',
    idefics2Perceiver,
    { model: 'custom', headCount: 16, keyValueHeadCount: 5 },
    '16 heads do not share 5 keys and values evenly; choose a number that divides the heads.',
  ],
])('%s is refused', ([, definition, params, message]) => {
  const outcome = buildSingleNode({
    definition,
    params: { ...params },
    inputs: { tokens: tokensOf(1152) },
  });
  expect(outcome.ok ? [] : outcome.problems.map((problem) => problem.message)).toEqual([message]);
});
