import { expect, test } from 'vitest';
import { Door, keyLifeMs } from './door.ts';

test('A key opens once, and the session that it is changed for is known from then on', () => {
  const door = new Door();
  const key = door.cutKey();
  const session = door.open(key) ?? '';
  expect(door.knows(session)).toBe(true);
  expect(door.open(key)).toBeNull();
  // The key itself is no session, and the session no key.
  expect([door.knows(key), door.open(session)]).toEqual([false, null]);
  expect(new Door().knows(session)).toBe(false);
});

test('A key that nobody used is dead after a minute, and its neighbours live on', () => {
  let nowMs = 0;
  const door = new Door(() => nowMs);
  const early = door.cutKey();
  nowMs = keyLifeMs - 1;
  const late = door.cutKey();
  nowMs = keyLifeMs;
  expect([door.open(early), door.open(late)]).toEqual([null, expect.any(String)]);
});
