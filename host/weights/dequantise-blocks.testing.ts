/** Test support: the numbers that block codes and scales stand for, by the definition of the format. */
import type { BlockFormat } from '#engine/onnx/weight.ts';
import type { QuantisedBlocks } from './quantise-blocks.ts';

/** → [rows · columns]; what fills up the last block of a row is left out. */
export function dequantiseBlocks(
  { codes, scales }: QuantisedBlocks,
  columns: number,
  { bits, blockSize }: BlockFormat,
): Float32Array {
  const blocks = Math.ceil(columns / blockSize);
  const rows = scales.length / blocks;
  const numbers = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const place = row * blocks * blockSize + column;
      const byte = codes[Math.floor((place * bits) / 8)] ?? NaN;
      const code = bits === 8 ? byte : place % 2 === 0 ? byte & 15 : byte >> 4;
      const scale = scales[row * blocks + Math.floor(column / blockSize)] ?? NaN;
      numbers[row * columns + column] = (code - 2 ** (bits - 1)) * scale;
    }
  }
  return numbers;
}
