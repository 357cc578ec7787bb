import { expect, it } from 'vitest';
import { deathProblem } from './death.ts';

const killed = { code: null, signal: 'SIGKILL', lastWords: '', outOfMemory: false } as const;
const run = { stages: [], stage: 'image', phase: 'running', quickPass: 3 } as const;

it('names the pass where of quick ones no stage was told, and the stage again once one was', () => {
  const quick = deathProblem(killed, run);
  expect(quick.message).toMatch(/^The engine process ended after pass 3 \(something killed it/);
  expect(quick.node).toBeUndefined();
  const profiling = deathProblem(killed, { ...run, phase: 'profiling' });
  expect(profiling.message).toContain('while "image" was profiling');
});
