import { describe, expect, it } from 'vitest';
import { widenBfloat16, widenFloat16 } from './half-floats.ts';

const allPatterns = Uint16Array.from({ length: 65536 }, (_, pattern) => pattern);

describe('half floats', () => {
  it('widens every float16 pattern to the number that the standard gives it', () => {
    const widened = widenFloat16(allPatterns);
    const wrong = [...allPatterns].filter(
      (pattern) => !Object.is(widened[pattern], float16Value(pattern)),
    );
    expect(wrong).toEqual([]);
  });

  it('keeps sign, payload and quiet bit of float16 NaNs', () => {
    const widened = bitsOf(widenFloat16(Uint16Array.of(0x7c01, 0x7e00, 0xfdff, 0xffff)));
    expect(widened).toEqual([0x7f802000, 0x7fc00000, 0xffbfe000, 0xffffe000]);
  });

  it('widens every bfloat16 pattern by sixteen zero bits', () => {
    const widened = bitsOf(widenBfloat16(allPatterns));
    expect(widened).toEqual([...allPatterns].map((pattern) => pattern * 65536));
  });

  it('writes into a part of a longer array and leaves the rest alone', () => {
    const target = new Float32Array(5).fill(7);
    widenFloat16(Uint16Array.of(0x3c00, 0xc000), target.subarray(1, 4));
    widenBfloat16(Uint16Array.of(0x3fc0), target.subarray(4));
    expect([...target]).toEqual([7, 1, -2, 7, 1.5]);
  });
});

/** Straight from the definition: sign · 2^(exponent − 15) · (1 + mantissa / 1024). */
function float16Value(pattern: number): number {
  const sign = pattern >= 0x8000 ? -1 : 1;
  const exponent = Math.floor(pattern / 1024) % 32;
  const fraction = (pattern % 1024) / 1024;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * 2 ** -14 * fraction;
  return sign * 2 ** (exponent - 15) * (1 + fraction);
}

function bitsOf(numbers: Float32Array): number[] {
  return [...new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length)];
}
