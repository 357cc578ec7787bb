/** Widens the two 16-bit floating-point formats of checkpoints to float32, exactly. */

/** Float32 bit patterns of all 65536 float16 patterns: 256 KiB, built at the first use. */
let float16Table: Int32Array | undefined;

/**
 * Float16 (IEEE 754 binary16) bit patterns to float32 numbers of the same value: subnormals,
 * infinities and the payloads of NaNs included. `target` has at least the length of `source`.
 */
export function widenFloat16(
  source: Uint16Array,
  target: Float32Array = new Float32Array(source.length),
): Float32Array {
  // A table beats arithmetic about two to one here, and has no slow path for subnormals.
  const table = (float16Table ??= buildFloat16Table());
  const bits = bitsOf(target, source.length);
  for (let index = 0; index < bits.length; index++) {
    bits[index] = table[source[index] as number] as number;
  }
  return target;
}

/**
 * Bfloat16 bit patterns (the upper half of a float32) to float32 numbers of the same value.
 * `target` has at least the length of `source`.
 */
export function widenBfloat16(
  source: Uint16Array,
  target: Float32Array = new Float32Array(source.length),
): Float32Array {
  const bits = bitsOf(target, source.length);
  for (let index = 0; index < bits.length; index++) {
    bits[index] = (source[index] as number) << 16;
  }
  return target;
}

/** Patterns are written as integers: a float32 store may quieten a signalling NaN. */
function bitsOf(target: Float32Array, count: number): Int32Array {
  if (target.length < count) {
    throw new RangeError(`${count} numbers do not fit into a target of ${target.length}.`);
  }
  return new Int32Array(target.buffer, target.byteOffset, count);
}

function buildFloat16Table(): Int32Array {
  const table = new Int32Array(65536);
  for (let pattern = 0; pattern < table.length; pattern++) table[pattern] = float32Bits(pattern);
  return table;
}

/** One sign bit, 5 exponent bits (bias 15) and 10 mantissa bits become 1, 8 (bias 127) and 23. */
function float32Bits(pattern: number): number {
  const sign = (pattern & 0x8000) << 16;
  const exponent = (pattern >> 10) & 0x1f;
  const mantissa = pattern & 0x3ff;
  if (exponent === 0x1f) return sign | 0x7f800000 | (mantissa << 13);
  if (exponent > 0) return sign | ((exponent + 127 - 15) << 23) | (mantissa << 13);
  if (mantissa === 0) return sign;
  // A subnormal is normal in float32: its leading one moves up into the hidden bit.
  const shift = Math.clz32(mantissa) - 21;
  return sign | ((1 + 127 - 15 - shift) << 23) | (((mantissa << shift) & 0x3ff) << 13);
}
