/** PruMerge on recorded features, queries and keys. */
import { ok } from '#engine/contract/outcome.ts';
import { knownCount } from '#engine/node/wire.ts';
import { buildSingleNode, inputPrefix, outputPrefix } from '#engine/plan/node-body.ts';
import { prumerge } from '#nodes/compression/prumerge.ts';
import { float32, type Tensor } from '#host/sessions/sessions.ts';
import { compareFloats, compareWholes } from './comparison.ts';
import type { RecordedCase, RecordedTensor } from './recorded-case.ts';
import type { CaseCheck } from './case-check.ts';

export const checkPrumerge: CaseCheck = async (recorded, workbench) => {
  const { outputs, config, atol } = recorded;
  const [, count = 0, channels = 0] = (recorded.inputs.get('features') as RecordedTensor).shape;
  const built = buildSingleNode({
    definition: prumerge,
    params: { neighbours: config['neighbours'] ?? 32 },
    inputs: {
      tokens: { kind: 'tokens', count: knownCount(count), channels, prefixTokens: 0, grid: null },
      queryKey: { kind: 'query-key', count: count + 1, channels },
    },
    taps: ['kept'],
  });
  if (!built.ok) return built;
  const ran = await workbench.run(built.value.model, {
    [`${inputPrefix}tokens`]: inputTensor(recorded, 'features'),
    [`${inputPrefix}queryKey.query`]: inputTensor(recorded, 'q'),
    [`${inputPrefix}queryKey.key`]: inputTensor(recorded, 'k'),
  });
  if (!ran.ok) return ran;
  const tokens = ran.value[`${outputPrefix}tokens`] as Tensor;
  const kept = Array.from((ran.value['tap.kept'] as Tensor).data as BigInt64Array, Number);
  const expected = (name: string) => outputs.get(name) as RecordedTensor;
  return ok([
    compareFloats('tokens', tokens.data as Float32Array, expected('tokens'), atol),
    compareWholes('idx', kept, Array.from(expected('idx').data)),
    compareWholes('num_selected', [kept.length], Array.from(expected('num_selected').data)),
    compareFloats('ratio', Float32Array.of(kept.length / count), expected('ratio'), atol),
  ]);
};

function inputTensor({ inputs }: RecordedCase, name: string): Tensor {
  const { shape, data } = inputs.get(name) as RecordedTensor;
  return float32(Float32Array.from(data), shape);
}
