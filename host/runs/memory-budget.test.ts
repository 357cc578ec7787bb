/** What fits is held together, what does not is loaded in turn, and a stage too large is refused with a sum that adds up. */
import { expect, test } from 'vitest';
import { estimatePlan, reservedBytes } from '#engine/estimate/estimate.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { planGraph } from '#engine/plan/plan.ts';
import { catalogue } from '#nodes/index.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { readPreset } from '../presets.ts';
import { holdingOf } from './memory-budget.ts';

test('one byte decides between together, in turn and not at all, and the parts that are named make the whole', async () => {
  const checked = checkGraph(valueOf(await readPreset('tinyllava-1.5b')), catalogue);
  const plan = valueOf(planGraph(checked));
  const { stages, totals } = estimatePlan(checked, plan);
  const within = (machineBytes: number) => holdingOf(checked, plan, { machineBytes });
  const together = totals.peakBytes + reservedBytes;
  expect(within(together)).toEqual({ ok: true, value: 'together' });
  expect(within(together - 1)).toEqual({ ok: true, value: 'in-turn' });
  const alone = Math.max(...stages.map(({ peakBytes }) => peakBytes)) + reservedBytes;
  expect(within(alone)).toEqual({ ok: true, value: 'in-turn' });
  const outcome = within(alone - 1);
  const [refused] = outcome.ok ? [] : outcome.problems;
  expect(refused).toMatchObject({ code: 'memory-short', severity: 'error', node: 'encoder' });
  expect(refused?.message).toMatch(
    /^"SigLIP" alone needs about .+ \(.+ of weights, .+ of KV cache, .+ of activations, .+ for the system and Patchbay\), the machine has .+; choose a smaller model or a lower precision for it\.$/,
  );
  const [whole = 0, ...parts] = sizesIn(refused?.message ?? '');
  const machine = parts.pop();
  expect(machine).toBe(whole);
  // Each part is rounded to three digits.
  const sum = parts.reduce((total, part) => total + part, 0);
  expect(Math.abs(sum - whole) / whole).toBeLessThan(0.02);
});

test('what the user allows counts where it is less than the machine has', async () => {
  const checked = checkGraph(valueOf(await readPreset('tinyllava-1.5b')), catalogue);
  const plan = valueOf(planGraph(checked));
  const { peakBytes } = estimatePlan(checked, plan).totals;
  const machineBytes = 64e9;
  const allowed = (limitBytes: number) => holdingOf(checked, plan, { limitBytes, machineBytes });
  expect(allowed(128e9)).toEqual({ ok: true, value: 'together' });
  expect(allowed(peakBytes + reservedBytes - 1)).toEqual({ ok: true, value: 'in-turn' });
  const refused = allowed(1e9);
  expect(refused.ok ? '' : refused.problems[0]?.message).toMatch(/, 1\.00\u2009GB are allowed;/);
});

function sizesIn(sentence: string): number[] {
  const units: Readonly<Record<string, number>> = { MB: 1e6, GB: 1e9 };
  return [...sentence.matchAll(/([\d.]+)\s(B|MB|GB)\b/g)].map(
    ([, amount, unit]) => Number(amount) * (units[unit ?? ''] ?? 1),
  );
}
