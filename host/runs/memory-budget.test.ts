/** A graph that cannot fit is refused before anything is loaded, with a sum that adds up. */
import { expect, test } from 'vitest';
import { estimatePlan, reservedBytes } from '#engine/estimate/estimate.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { planGraph } from '#engine/plan/plan.ts';
import { catalogue } from '#nodes/index.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { readPreset } from '../presets.ts';
import { memoryProblem } from './memory-budget.ts';

test('one byte decides, and the parts that are named make the whole', async () => {
  const checked = checkGraph(valueOf(await readPreset('tinyllava-1.5b')), catalogue);
  const plan = valueOf(planGraph(checked));
  const { peakBytes } = estimatePlan(checked, plan).totals;
  const enough = peakBytes + reservedBytes;
  expect(memoryProblem(checked, plan, enough)).toBeNull();
  const refused = memoryProblem(checked, plan, enough - 1);
  expect(refused).toMatchObject({ code: 'memory-short', severity: 'error', node: 'encoder' });
  expect(refused?.message).toMatch(
    /^The graph needs about .+ \(.+ of weights, .+ of KV cache, .+ of activations, .+ for the system and Patchbay\), the machine has .+; choose a smaller model or a lower precision for "SigLIP"\.$/,
  );
  const [whole = 0, ...parts] = sizesIn(refused?.message ?? '');
  const machine = parts.pop();
  expect(machine).toBe(whole);
  // Each part is rounded to three digits.
  const sum = parts.reduce((total, part) => total + part, 0);
  expect(Math.abs(sum - whole) / whole).toBeLessThan(0.02);
});

function sizesIn(sentence: string): number[] {
  const units: Readonly<Record<string, number>> = { MB: 1e6, GB: 1e9 };
  return [...sentence.matchAll(/([\d.]+)\s(MB|GB)/g)].map(
    ([, amount, unit]) => Number(amount) * (units[unit ?? ''] ?? Number.NaN),
  );
}
