import { expect, it } from 'vitest';
import { withinTime } from './within-time.ts';

/** Stands still as a process does whose machine is busy with others. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

it('gives what comes in time and stops what would never end', () => {
  expect(withinTime(50, () => 'here')).toEqual({ isDone: true, result: 'here' });
  let turns = 0;
  const endless = withinTime(50, () => {
    for (;;) turns++;
  });
  expect(endless).toEqual({ isDone: false });
  expect(turns).toBeGreaterThan(0);
});

it('begins again where the machine stood still, and not for ever', () => {
  let tries = 0;
  const late = withinTime(50, () => {
    if (++tries < 3) standStill(200);
    return tries;
  });
  expect(late).toEqual({ isDone: true, result: 3 });
  expect(withinTime(20, () => standStill(100))).toEqual({ isDone: false });
});
