/**
 * Block-wise symmetric quantisation in the layout of ONNX Runtime's MatMulNBits and
 * GatherBlockQuantized: codes about 2^(bits-1), two 4-bit codes a byte, the first in the low half.
 */
import type { BlockFormat } from '#engine/onnx/weight.ts';

/** Scales below this are zero in float32 arithmetic anyway, and their inverse would overflow. */
export const smallestScale = 1e-36;

export interface QuantisedBlocks {
  /** [rows, blocks, blockSize · bits / 8] */
  readonly codes: Uint8Array;
  /** [rows, blocks] */
  readonly scales: Float32Array;
}

/** Rows [rows, columns] to codes and scales; the end of a row that fills no block counts as zeros. */
export function quantiseBlocks(
  rows: Float32Array,
  columns: number,
  format: BlockFormat,
): QuantisedBlocks {
  const { bits, blockSize } = format;
  const blocksPerRow = Math.ceil(columns / blockSize);
  const rowCount = rows.length / columns;
  const bytesPerBlock = (blockSize * bits) / 8;
  const codes = new Uint8Array(rowCount * blocksPerRow * bytesPerBlock);
  const scales = new Float32Array(rowCount * blocksPerRow);
  for (let row = 0; row < rowCount; row++) {
    for (let block = 0; block < blocksPerRow; block++) {
      const start = row * columns + block * blockSize;
      const end = Math.min(start + blockSize, (row + 1) * columns);
      const place = row * blocksPerRow + block;
      const scale = blockScale(rows, start, end, bits);
      scales[place] = scale;
      const bytes = codes.subarray(place * bytesPerBlock, (place + 1) * bytesPerBlock);
      if (bits === 4) packNibbles(rows, start, end, scale, bytes);
      else packBytes(rows, start, end, scale, bytes);
    }
  }
  return { codes, scales };
}

/** The number of largest magnitude takes the lowest code, so that all codes are in reach. */
function blockScale(rows: Float32Array, start: number, end: number, bits: number): number {
  let least = 0;
  let most = 0;
  for (let index = start; index < end; index++) {
    const number = rows[index]!;
    if (number < least) least = number;
    else if (number > most) most = number;
  }
  const scale = Math.fround((most > -least ? most : least) / -(1 << (bits - 1)));
  return Math.abs(scale) < smallestScale ? 0 : scale;
}

/** Codes are x / scale + 8 rounded to the nearest; adding a half and cutting off does that for positives. */
function packNibbles(
  rows: Float32Array,
  start: number,
  end: number,
  scale: number,
  bytes: Uint8Array,
): void {
  const inverse = scale === 0 ? 0 : 1 / scale;
  const whole = (end - start) >> 1;
  for (let place = 0; place < whole; place++) {
    const index = start + 2 * place;
    const low = (rows[index]! * inverse + 8.5) | 0;
    const high = (rows[index + 1]! * inverse + 8.5) | 0;
    bytes[place] = (low > 15 ? 15 : low) | ((high > 15 ? 15 : high) << 4);
  }
  if (whole === bytes.length) return;
  bytes.fill(0x88, whole);
  if ((end - start) % 2 === 1) {
    const low = (rows[end - 1]! * inverse + 8.5) | 0;
    bytes[whole] = (low > 15 ? 15 : low) | 0x80;
  }
}

function packBytes(
  rows: Float32Array,
  start: number,
  end: number,
  scale: number,
  bytes: Uint8Array,
): void {
  const inverse = scale === 0 ? 0 : 1 / scale;
  for (let index = start; index < end; index++) {
    const code = (rows[index]! * inverse + 128.5) | 0;
    bytes[index - start] = code > 255 ? 255 : code;
  }
  bytes.fill(128, end - start);
}
