/** Test support: writes safetensors files whose numbers a test knows. */
import { writeFile } from 'node:fs/promises';

export interface KnownTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** All as float32, in the order of the map. */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, KnownTensor>,
): Promise<void> {
  const header: Record<string, unknown> = {};
  const parts: Uint8Array[] = [];
  let end = 0;
  for (const [name, { shape, data }] of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [end, end + data.byteLength] };
    parts.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    end += data.byteLength;
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  await writeFile(path, Buffer.concat([length, text, ...parts]));
}
