import { expect, test } from 'vitest';
import type { Operator } from '../contract/operators.ts';
import { flameOf, framesWithin, nextFrame, type Frame } from './flame.ts';

const operator = (part: string, kind: string, profiledMs: number): Operator => ({
  part,
  name: `${kind}/${part}`,
  kind,
  calls: 1,
  profiledMs,
  inputs: [],
  outputs: [],
  bytesPerCall: 0,
});

const frames = flameOf([
  operator('layers.0/attention', 'MatMul', 2),
  operator('layers.0/attention', 'Softmax', 1),
  operator('layers.0', 'Add', 1),
  operator('layers.1/attention', 'MatMul', 4),
  operator('', 'Gather', 2),
]);

const drawn = (all: readonly Frame[]): readonly string[] =>
  all.map(
    ({ title, depth, start, width }) =>
      `${'  '.repeat(depth)}${title} ${start.toFixed(1)}+${width.toFixed(1)}`,
  );

test('parts hold what runs in them, as wide as its time', () => {
  expect(drawn(frames)).toEqual([
    'layers.0 0.0+0.4',
    '  attention 0.0+0.3',
    '    MatMul 0.0+0.2',
    '    Softmax 0.2+0.1',
    '  Add 0.3+0.1',
    'layers.1 0.4+0.4',
    '  attention 0.4+0.4',
    '    MatMul 0.4+0.4',
    'Gather 0.8+0.2',
  ]);
  expect(flameOf([])).toEqual([]);
});

test('a window shows what lies in it, and leaves out what would not be seen', () => {
  expect(drawn(framesWithin(frames, { start: 0, width: 0.4 }, 0.3))).toEqual([
    'layers.0 0.0+1.0',
    '  attention 0.0+0.8',
    '    MatMul 0.0+0.5',
  ]);
});

test('arrows lead sideways, to the part around and into it', () => {
  const titled = (title: string) => frames.find((frame) => frame.title === title) as Frame;
  const to = (from: string, direction: Parameters<typeof nextFrame>[2]) =>
    nextFrame(frames, titled(from), direction)?.title;
  expect(to('layers.0', 'ArrowRight')).toBe('layers.1');
  expect(to('layers.0', 'ArrowLeft')).toBeUndefined();
  expect(to('Softmax', 'ArrowUp')).toBe('attention');
  expect(to('attention', 'ArrowDown')).toBe('MatMul');
  expect(to('Add', 'ArrowDown')).toBeUndefined();
});
