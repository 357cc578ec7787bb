/** Machines that are described: what is said of each adds up, and nonsense is said in a sentence. */
import { describe, expect, it } from 'vitest';
import type { DescribedMachine } from '../contract/described-machine.ts';
import {
  describedMachines,
  peakFlopsPerSecond,
  readMachine,
  targetOf,
} from './described-machines.ts';

describe.each(Object.entries(describedMachines))('%s', (_, machine) => {
  const { memoryBytesPerSecond, cores, notes, sources } = machine;

  it('names a source that was read for what it is reckoned from', () => {
    expect(sources.filter(({ read }) => read).length).toBeGreaterThan(0);
    expect(new Set(sources.map(({ url }) => url)).size).toBe(sources.length);
  });

  it('has the peaks that its notes derive', () => {
    const told = notes.join(' ');
    const flops = (peakFlopsPerSecond(cores) / 1e9).toFixed(1).replace(/\.0$/, '');
    expect(told).toContain(`= ${flops} GFLOP/s`);
    const derived = / = ([\d.]+) GB\/s/.exec(told)?.[1];
    if (derived !== undefined) expect(memoryBytesPerSecond / 1e9).toBe(Number(derived));
  });

  it('is expected to reach no more than its peaks, but by products in 8 bits', () => {
    const { rates } = targetOf(machine);
    expect(rates.memoryBytesPerSecond).toBeLessThanOrEqual(memoryBytesPerSecond);
    const { float32, ...packed } = rates.matrixFlopsPerSecond;
    const peak = peakFlopsPerSecond(cores);
    expect(float32).toBeLessThanOrEqual(peak);
    // Dot products of bytes do four times as many operations an instruction as multiply-adds in float32.
    for (const rate of Object.values(packed)) expect(rate).toBeLessThanOrEqual(4 * peak);
  });
});

const sound: DescribedMachine = {
  title: 'A board',
  memoryBytes: 4e9,
  memoryBytesPerSecond: 10e9,
  cores: [{ title: 'core', count: 4, gigahertz: 2, flopsPerCycle: 16 }],
  notes: [],
  sources: [],
};

describe('a machine file', () => {
  it('needs no notes and no sources', () => {
    const { notes: _, sources: __, ...bare } = sound;
    const read = readMachine('board.json', JSON.stringify(bare));
    expect(read).toMatchObject({ ok: true, value: { title: 'A board', memoryBytes: 4e9 } });
  });

  it('may be what a calibration on that machine printed, whose figures are taken as they are', () => {
    const calibration = {
      machine: {
        platform: 'linux arm64',
        cpu: 'Cortex-A76',
        cores: 4,
        threads: 4,
        memoryBytes: 8e9,
        node: '22.0.0',
        onnxRuntime: '1.30.0',
        patchbay: '0.1.0',
      },
      measuredAt: '2026-11-28T12:00:00.000Z',
      matrixFlopsPerSecond: { float32: 90e9, int8: 110e9, int4: 100e9, w8a8: 250e9 },
      memoryBytesPerSecond: 11e9,
      launchMicroseconds: 2.5,
    };
    const { machine: _, measuredAt: __, ...rates } = calibration;
    expect(readMachine('pi.json', JSON.stringify(calibration))).toEqual({
      ok: true,
      value: { title: 'Cortex-A76', memoryBytes: 8e9, rates },
    });
  });

  const core = sound.cores[0];
  it.each<[what: string, change: object, says: RegExp]>([
    ['memory of nothing', { memoryBytes: 0 }, /"memoryBytes": .*>=100000000/],
    ['gigabytes in place of bytes', { memoryBytes: 8 }, /"memoryBytes": /],
    ['a negative bandwidth', { memoryBytesPerSecond: -1 }, /"memoryBytesPerSecond": /],
    ['megahertz', { cores: [{ ...core, gigahertz: 2400 }] }, /"cores\.0\.gigahertz": .*<=10/],
    ['half a core', { cores: [{ ...core, count: 0.5 }] }, /"cores\.0\.count": /],
    ['no core', { cores: [] }, /"cores": /],
    ['text for a number', { memoryBytes: '8 GB' }, /"memoryBytes": .*number/],
    ['a key that nobody knows', { gpu: true }, /gpu/],
    ['no title', { title: '' }, /"title": /],
    [
      'an address that is none',
      { sources: [{ url: 'javascript:alert(1)', says: 'x' }] },
      /"sources\.0\.url": /,
    ],
  ])('with %s is refused in one sentence that names it', (_, change, says) => {
    const read = readMachine('board.json', JSON.stringify({ ...sound, ...change }));
    const [problem, ...others] = read.ok ? [] : read.problems;
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ code: 'machine-invalid' });
    expect(problem?.message).toMatch(/^board\.json describes no machine: .*; [^\n]*\.$/);
    expect(problem?.message).toMatch(says);
  });

  it.each(['', '{', '[1, 2]', 'null', '"raspberry"', '7'])('%j is none', (text) => {
    const read = readMachine('board.json', text);
    expect(read).toMatchObject({ ok: false, problems: [{ severity: 'error' }] });
  });
});
