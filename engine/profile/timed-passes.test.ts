import { expect, test } from 'vitest';
import type { RunEvent } from '../contract/run-event.ts';
import { TimedPasses } from './timed-passes.ts';

/** How many passes are timed, where pass after pass the rows take so long. */
function passesUntilEnough(
  latenciesOf: (pass: number) => Readonly<Record<string, number>>,
  wanted: number | null = null,
): number {
  const timed = new TimedPasses();
  for (let run = 1; ; run++) {
    const rows = latenciesOf(run);
    for (const [stage, latencyMs] of Object.entries(rows))
      timed.hear({ type: 'stage-measured', stage, run, latencyMs, ...rest });
    const wallMs = Object.values(rows).reduce((sum, ms) => sum + ms, 0);
    timed.hear({ type: 'run-measured', run, wallMs, peakBytes: 0 });
    if (timed.areEnough(wanted)) return run;
  }
}

const rest = {
  tokensIn: null,
  tokensOut: null,
  flops: 0,
  movedBytes: null,
  peakBytes: 0,
  keyValueBytes: 0,
  recurrentBytes: 0,
} satisfies Partial<RunEvent>;

/** Between −1 and 1, the same ones each time. */
const jitter = (pass: number): number => Math.sin(pass * 12.9898) % 1;

test('a number of passes that was set is kept, however steady they are', () => {
  expect(passesUntilEnough(() => ({ encoder: 1 }), 3)).toBe(3);
  expect(passesUntilEnough(() => ({ encoder: 9_000 }), 2)).toBe(2);
});

test('passes that take alike are timed twenty times, and one of fifteen seconds once', () => {
  expect(passesUntilEnough((pass) => ({ encoder: 27 + 0.2 * jitter(pass) }))).toBe(20);
  expect(passesUntilEnough(() => ({ prefill: 12_000, decode: 3_000 }))).toBe(1);
});

test('passes that differ are timed until two seconds have gone by', () => {
  const passes = passesUntilEnough((pass) => ({ encoder: 27 * (1 + 0.5 * jitter(pass)) }));
  expect(passes).toBeGreaterThan(60);
  expect(passes).toBeLessThan(90);
});

test('a processor that gets faster is waited for', () => {
  const warmingUp = (pass: number) => ({ encoder: 3.35 + 4.3 * Math.exp(-pass / 30) });
  const passes = passesUntilEnough(warmingUp);
  expect(passes).toBeGreaterThan(100);
});

test('a row that hardly counts keeps nobody waiting, one that counts does', () => {
  const withTokenising = (ms: number) => (pass: number) => ({
    encoder: 10,
    tokenise: ms * (1 + 0.5 * jitter(pass)),
  });
  expect(passesUntilEnough(withTokenising(0.1))).toBe(20);
  expect(passesUntilEnough(withTokenising(5))).toBeGreaterThan(100);
});
