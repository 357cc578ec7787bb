/** A run comes before other programs with all its threads, and is as any other again behind it. */
import { readdirSync } from 'node:fs';
import os from 'node:os';
import { expect, test } from 'vitest';
import { raisePriority } from './priority.ts';

test('all threads of the process are raised and put back, whether or not one has ended meanwhile', () => {
  const set: [number, number][] = [];
  const ended = 4_194_304;
  const putBack = raisePriority((id, priority) => {
    set.push([id, priority]);
    if (set.length === 2) throw Object.assign(new Error('gone'), { code: 'ESRCH', pid: ended });
  });
  const high = os.constants.priority.PRIORITY_HIGH;
  const threads = process.platform === 'linux' ? readdirSync('/proc/self/task').map(Number) : [];
  expect(new Set(set.map(([id]) => id))).toEqual(new Set([0, ...threads]));
  expect(set.every(([, priority]) => priority === high)).toBe(true);

  set.length = 0;
  putBack?.();
  expect(new Set(set.map(([id]) => id))).toEqual(new Set([0, ...threads]));
  expect(set.every(([, priority]) => priority === os.getPriority())).toBe(true);
});

test('where the system refuses, nothing is changed and that is said', () => {
  let calls = 0;
  const refused = raisePriority(() => {
    calls += 1;
    throw Object.assign(new Error('refused'), { code: 'EACCES' });
  });
  expect(refused).toBeNull();
  expect(calls).toBe(1);
});
