import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatBytes, formatCount, formatFlops, formatMilliseconds, formatRate } from './format.ts';

describe('a number as people read it', () => {
  it.each<[string, string]>([
    [formatBytes(0), '0 B'],
    [formatBytes(512), '512 B'],
    [formatBytes(999), '999 B'],
    [formatBytes(1000), '1.00 kB'],
    [formatBytes(999_499), '999 kB'],
    [formatBytes(1_272_900_000), '1.27 GB'],
    [formatBytes(4.2e15), '4 200 TB'],
    [formatBytes(-1500), '-1.50 kB'],
    [formatCount(576), '576'],
    [formatCount(1_100_048_384), '1.10 B'],
    [formatFlops(1.789e12), '1.79 T'],
    [formatMilliseconds(0.012_34), '0.0123 ms'],
    [formatMilliseconds(1204.4), '1 204 ms'],
    [formatMilliseconds(9999.4), '9 999 ms'],
    [formatMilliseconds(12_640), '12.6 s'],
    [formatRate(13.84), '13.8'],
  ])('is %s', (written, expected) => {
    expect(spaced(written)).toBe(expected);
  });

  it.each<[string, string]>([
    [formatBytes(999_600), '1.00 MB'],
    [formatCount(999_999_999), '1.00 B'],
    [formatMilliseconds(9.999), '10.0 ms'],
    [formatMilliseconds(99.96), '100 ms'],
    [formatMilliseconds(9999.6), '10.0 s'],
  ])('that rounds up to the next power of ten is %s', (written, expected) => {
    expect(spaced(written)).toBe(expected);
  });

  it('has three digits, the unit that makes it shortest, and its own size', () => {
    const units = ['B', 'kB', 'MB', 'GB', 'TB'];
    fc.assert(
      fc.property(fc.double({ min: 1, max: 9.9e14, noNaN: true }), (bytes) => {
        const [number = '', unit = ''] = spaced(formatBytes(bytes)).split(' ');
        expect(number).toMatch(/^(\d\.\d\d|\d\d\.\d|\d\d\d)$/);
        const read = Number(number) * 1000 ** units.indexOf(unit);
        expect(Math.abs(read / bytes - 1)).toBeLessThanOrEqual(0.005_000_1);
      }),
    );
  });
});

/** Numbers keep together by thin spaces. */
function spaced(text: string): string {
  expect(text).not.toContain(' ');
  return text.replaceAll('\u2009', ' ');
}
