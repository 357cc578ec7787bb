import { describe, expect, it } from 'vitest';
import { catalogue } from '#nodes/index.ts';
import type { MachineRates } from '../contract/calibration.ts';
import { checkGraph } from '../graph/check.ts';
import { sketchDocument } from '../graph/sketch-document.ts';
import { planGraph } from '../plan/plan.ts';
import { estimateLatency } from './latency.ts';
import { efficienciesOf, type OperatorEfficiencies } from './operator-efficiencies.ts';
import { stageOperators } from './stage-operators.ts';

/** A machine of round figures. */
const rates: MachineRates = {
  matrixFlopsPerSecond: { float32: 1e11, int8: 2e11, int4: 2e11, w8a8: 4e11 },
  memoryBytesPerSecond: 1e10,
  launchMicroseconds: 1,
};

/** All at their roofs. */
const perfect: OperatorEfficiencies = { roofs: {}, starts: {} };

const words = (count: number): string => 'abc '.repeat(count).trim();

function planned(prompt: string, maxNewTokens: number, params = {}) {
  const document = sketchDocument(
    {
      prompt: ['input/prompt', { text: prompt }],
      language: [
        'language/decoder',
        {
          model: 'tinyllama-1.1b',
          precision: 'int4',
          blockSize: '128',
          template: '{prompt}',
          maxNewTokens,
          ...params,
        },
      ],
      answer: ['output/answer'],
    },
    ['prompt.text > language.prompt', 'language.answer > answer.answer'],
  );
  const checked = checkGraph(document, catalogue);
  const plan = planGraph(checked);
  if (!plan.ok) throw new Error(JSON.stringify(plan.problems));
  return { checked, plan: plan.value };
}

const latencyOf = (
  { checked, plan }: ReturnType<typeof planned>,
  on = rates,
  by: OperatorEfficiencies = perfect,
) => estimateLatency(checked, plan, on, by);

describe('a language model', () => {
  it('reads by arithmetic and writes by memory, each token as long as the others', () => {
    const short = latencyOf(planned(words(200), 11));
    const [embed, prefill, decode] = short.stages;
    expect([embed?.phase, prefill?.phase, decode?.phase]).toEqual(['embed', 'prefill', 'decode']);
    const fasterArithmetic = {
      ...rates,
      matrixFlopsPerSecond: { float32: 2e11, int8: 4e11, int4: 4e11, w8a8: 8e11 },
    };
    const faster = latencyOf(planned(words(200), 11), fasterArithmetic);
    expect(faster.stages[1]?.ms).toBeLessThan(0.6 * (prefill?.ms ?? 0));
    expect(faster.stages[2]?.ms).toBeGreaterThan(0.9 * (decode?.ms ?? 0));
    // Weights of half a byte, read once a token, are most of what it takes.
    const weightsMs = (1000 * 0.5 * 1.034e9) / 1e10;
    expect(1000 / (short.decodeTokensPerSecond ?? 0)).toBeGreaterThan(weightsMs);
    expect(1000 / (short.decodeTokensPerSecond ?? 0)).toBeLessThan(1.3 * weightsMs);
    expect(short.timeToFirstTokenMs).toBeCloseTo((embed?.ms ?? 0) + (prefill?.ms ?? 0));
    const twice = latencyOf(planned(words(200), 21));
    expect((twice.stages[2]?.ms ?? 0) / (decode?.ms ?? 1)).toBeCloseTo(2, 1);
  });

  it('takes longer a token the more it has read, as attention looks at all of it', () => {
    const speed = (count: number) => latencyOf(planned(words(count), 5)).decodeTokensPerSecond ?? 0;
    expect(speed(1500)).toBeLessThan(0.9 * speed(10));
  });

  it('writes nothing behind its first token where one is all', () => {
    const { stages, decodeTokensPerSecond, totalMs, timeToFirstTokenMs } = latencyOf(
      planned(words(20), 1),
    );
    expect(stages[2]?.ms).toBe(0);
    expect(decodeTokensPerSecond).toBeNull();
    expect(totalMs).toBe(timeToFirstTokenMs);
  });
});

describe('efficiencies', () => {
  /** As if each operator took three times its roof, and tiny ones five small ones. */
  const slow: OperatorEfficiencies = {
    roofs: { arithmetic: 1 / 3, memory: 1 / 3 },
    starts: { arithmetic: 5, memory: 5 },
  };

  it('are found again from what was profiled, whatever ONNX Runtime calls the operators', () => {
    const { checked, plan } = planned(words(100), 5);
    const rows = stageOperators(checked, plan);
    const truth = estimateLatency(checked, plan, rates, slow);
    const stages = rows.map((row, place) => {
      const { ms = 0 } = truth.stages[place] ?? {};
      const kinds = new Map<string, number>();
      for (const { cost, times } of row.operators) {
        const one = cost.isTiny
          ? 5e-3
          : 3e3 *
            Math.max(cost.flops / rates.matrixFlopsPerSecond[cost.precision], cost.bytes / 1e10);
        kinds.set(cost.kernel, (kinds.get(cost.kernel) ?? 0) + times * one);
      }
      const operators = [...kinds].map(([kind, profiledMs]) => ({
        name: `renamed ${kind}`,
        kind,
        profiledMs,
      }));
      return { operators: row.operators, ms: ms / Math.max(1, row.steps), profiled: operators };
    });
    const found = estimateLatency(checked, plan, rates, efficienciesOf(stages, rates));
    for (const [place, { ms }] of truth.stages.entries())
      expect((found.stages[place]?.ms ?? 0) / ms).toBeCloseTo(1, 1);
  });
});
