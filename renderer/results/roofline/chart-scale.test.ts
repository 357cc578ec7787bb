/** Roofs and points in a chart of powers of ten. */
import { describe, expect, it } from 'vitest';
import type { RoofPoint } from '#engine/profile/roofline.ts';
import { chartScale, hasPlace } from './chart-scale.ts';
import { pointWords } from './point-words.ts';

const rates = {
  matrixFlopsPerSecond: { float32: 1e11, int8: 2e11, int4: 1e11, w8a8: 4e11 },
  memoryBytesPerSecond: 1e10,
  launchMicroseconds: 2,
} as const;

const point = (
  intensity: number,
  flopsPerSecond: number,
  given: Partial<RoofPoint> = {},
): RoofPoint => ({
  id: 'encoder',
  title: 'CLIP ViT',
  precision: 'float32',
  flops: 1e9,
  bytes: 1e9,
  seconds: 1,
  intensity,
  flopsPerSecond,
  bytesPerSecond: 0,
  roofFlopsPerSecond: 1e11,
  ...given,
});

describe('a chart', () => {
  const scale = chartScale([point(0.5, 2e9), point(300, 6e10)], rates);

  it('reaches from the decade below its lowest to the one above its highest, roofs included', () => {
    expect(scale.ticks.x.map(({ title }) => title)).toEqual(['0.1', '1', '10', '100', '1000']);
    expect(scale.ticks.y.map(({ title }) => title)).toEqual([
      '1\u2009GFLOP/s',
      '10\u2009GFLOP/s',
      '100\u2009GFLOP/s',
    ]);
    expect(scale.ticks.x.map(({ at }) => at)).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(scale.ticks.y.map(({ at }) => at)).toEqual([1, 0.5, 0]);
  });

  it('puts a decade of either axis as far from the next everywhere', () => {
    const { x, y } = scale.placeOf(point(10, 1e10));
    expect([x, y]).toEqual([0.5, 0.5]);
    expect(scale.placeOf(point(1, 1e9))).toEqual({ x: 0.25, y: 1 });
  });

  it('draws the roof of each precision in use: up the slope of memory, level from the ridge on', () => {
    expect(scale.roofs.map(({ precision }) => precision)).toEqual(['float32']);
    expect(scale.roofs[0]?.line).toEqual([
      { x: 0, y: 1 },
      { x: 0.5, y: 0 },
      { x: 1, y: 0 },
    ]);
    const both = chartScale([point(1, 1e9), point(1, 1e9, { precision: 'int8' })], rates);
    expect(both.roofs.map(({ precision }) => precision)).toEqual(['int8', 'float32']);
    const [int8, float32 = 0] = both.roofs.map(({ line }) => line.at(-1)?.y ?? 0);
    expect(int8).toBeLessThan(float32);
  });

  it('writes the names of roofs that are nearly as high below one another', () => {
    const three = (['float32', 'int8', 'int4'] as const).map((precision) =>
      point(1, 1e9, { precision }),
    );
    const { roofs } = chartScale(three, rates);
    const [first, second, third] = roofs.map(({ nameAt }) => nameAt) as [number, number, number];
    expect(first).toBe(roofs[0]?.line.at(-1)?.y);
    expect(second - first).toBeGreaterThanOrEqual(0.075);
    expect(third - second).toBeCloseTo(0.075, 12);
  });

  it('begins a roof where it rises into the chart', () => {
    const [roof] = chartScale([point(0.001, 1e9), point(10, 1e11)], rates).roofs;
    expect(roof?.line[0]).toEqual({ x: 0.5, y: 1 });
  });

  it('leaves out what multiplies nothing', () => {
    expect(hasPlace(point(0, 0))).toBe(false);
    expect(hasPlace(point(2, 1e6))).toBe(true);
  });

  it('says of a point what it does and what it could', () => {
    const words = pointWords(point(2.5, 5e10, { bytesPerSecond: 2e10 }));
    expect(words.replaceAll('\u2009', ' ')).toBe(
      'CLIP ViT · 2.50 FLOP/B · 50.0 GFLOP/s of 100 GFLOP/s · 20.0 GB/s',
    );
  });
});
