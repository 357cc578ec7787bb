/** The system counts kills for lack of memory, but not whose they were. */
import { expect, test } from 'vitest';
import { OutOfMemoryWatch } from './out-of-memory.ts';

test('a kill is taken for that of a process only behind its last words', () => {
  let [kills, nowMs] = [7, 0];
  const watch = new OutOfMemoryWatch(
    () => kills,
    () => nowMs,
  );
  expect(watch.hasKilled()).toBe(false);
  // Of another one, a while before this one spoke.
  kills++;
  nowMs += 1000;
  watch.heard();
  expect(watch.hasKilled()).toBe(false);
  kills++;
  expect(watch.hasKilled()).toBe(true);
});

test('words that follow at once are not worth another look', () => {
  let looks = 0;
  const watch = new OutOfMemoryWatch(
    () => ++looks,
    () => 0,
  );
  for (let word = 0; word < 100; word++) watch.heard();
  expect(looks).toBe(1);
});
