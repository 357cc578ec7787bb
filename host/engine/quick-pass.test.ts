import { expect, it } from 'vitest';
import type { RunEvent } from '#engine/contract/run-event.ts';
import { withoutQuickStages } from './quick-pass.ts';

const entered = (stage: string, run: number, phase: 'running' | 'profiling' = 'running') =>
  ({ type: 'stage-progress', stage, phase, run }) as const;
const measured = (run: number, wallMs: number): RunEvent => ({
  type: 'run-measured',
  run,
  wallMs,
  peakBytes: 1,
});

it('tells every stage but those that come after the first of a pass behind a quick one', () => {
  const isTold = withoutQuickStages();
  const told = (events: readonly RunEvent[]) => events.map(isTold);
  const [image, encoder] = [entered('image', 1), entered('encoder', 1)];
  expect(told([image, encoder, measured(1, 20)])).toEqual([true, true, true]);
  expect(told([entered('image', 2), entered('encoder', 2)])).toEqual([true, false]);
  expect(told([measured(2, 300)])).toEqual([true]);
  expect(told([entered('image', 3), entered('encoder', 3)])).toEqual([true, true]);
  expect(told([measured(3, 20), entered('encoder', 3, 'profiling')])).toEqual([true, true]);
});
