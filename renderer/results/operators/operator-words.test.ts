import { expect, test } from 'vitest';
import type { Operator } from '#engine/contract/operators.ts';
import type { Frame } from '#engine/profile/flame.ts';
import { frameWords } from './operator-words.ts';

const words = (operator: Partial<Operator> | null): string => {
  const whole: Operator | null = operator && {
    part: 'layers.0',
    name: 'Add/layers.0/Add',
    kind: 'Add',
    calls: 2,
    profiledMs: 7,
    inputs: ['1 × 8', '8'],
    outputs: ['1 × 8'],
    bytesPerCall: 3e6,
    ...operator,
  };
  const title = whole?.kind ?? 'layers.0';
  const frame: Frame = { id: '0', title, depth: 0, start: 0, width: 0.25, operator: whole };
  return frameWords(frame, 8).replaceAll('\u2009', ' ');
};

test('an operator says its time, its sizes, and the rate at which it reads and writes', () => {
  // 6 MB in a quarter of 8 ms.
  expect(words({})).toBe(
    'layers.0 · Add · 2.00 ms · 25 % · 2 calls · 1 × 8, 8 → 1 × 8 · 6.00 MB · 3.00 GB / s',
  );
  expect(words(null)).toBe('layers.0 · 2.00 ms · 25 %');
});

test('no rate is told where packed weights, whose size is not known, may have been read too', () => {
  const product = (kind: string, inputs: readonly string[]) => words({ kind, inputs });
  expect(product('MatMul', ['1 × 8', '8 × 8'])).toContain('GB / s');
  expect(product('MatMul', ['1 × 8'])).not.toContain('GB / s');
  expect(product('MatMulNBits', ['1 × 8', '8 × 1 × 4'])).not.toContain('GB / s');
  expect(words({ bytesPerCall: 0 })).not.toContain(' / s');
});
