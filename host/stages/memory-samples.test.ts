import { expect, test } from 'vitest';
import type { RunEvent } from '#engine/contract/run-event.ts';
import { MemorySamples, type SampledSpan } from './memory-samples.ts';

function follow() {
  const events: RunEvent[] = [];
  const samples = new MemorySamples((event) => void events.push(event));
  return { events, samples };
}

const span = (given: Partial<SampledSpan> = {}): SampledSpan => ({
  stage: 'encoder',
  phase: 'running',
  begunAt: performance.now(),
  beforeBytes: 100,
  peakBytes: 140,
  ...given,
});

test('a run is sampled at its begin, behind every stage that was loaded, and at its end', () => {
  const { events, samples } = follow();
  const loaded = { weightsBytes: 1, residentBytes: 1, models: [], loadMs: 1 } as const;
  samples.begin();
  samples.emit({ type: 'stage-loaded', stage: 'encoder', found: 'built', ...loaded });
  samples.end();
  expect(events).toMatchObject([
    { type: 'memory-sampled', stage: null, phase: null },
    { type: 'stage-loaded' },
    { type: 'memory-sampled', stage: 'encoder', phase: 'loading' },
    { type: 'memory-sampled', stage: null, phase: null },
  ]);
  const bytes = events.flatMap((event) =>
    event.type === 'memory-sampled' ? event.residentBytes : [],
  );
  // This very process holds at least what Node.js takes.
  expect(Math.min(...bytes)).toBeGreaterThan(10e6);
});

test('of a span both ends are told from what was read of it; of one whose begin is not known, the end', () => {
  const { samples } = follow();
  const ends = { type: 'memory-sampled', stage: 'encoder', phase: 'running' } as const;
  const told = samples.ofSpan(span());
  expect(told).toMatchObject([
    { ...ends, residentBytes: 100 },
    { ...ends, residentBytes: 140 },
  ]);
  expect(told[0]?.atMs).toBeLessThanOrEqual(told[1]?.atMs ?? 0);
  expect(samples.ofSpan(span({ beforeBytes: null }))).toMatchObject([{ residentBytes: 140 }]);
});

test('however many passes there are, no more than six hundred samples are told, the end among them', () => {
  const { events, samples } = follow();
  samples.begin();
  const ofSpans = Array.from({ length: 10_000 }, () => samples.ofSpan(span())).flat();
  samples.end();
  expect(ofSpans.length).toBeGreaterThanOrEqual(298);
  expect(events.length + ofSpans.length).toBeLessThanOrEqual(600);
  expect(events).toHaveLength(2);
  expect(samples.ofSpan(span())).toEqual([]);
});
