/** A recorded reference case: a folder with case.json, the tensors that went in and came out, and weights. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Json } from '#engine/contract/document.ts';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { readSafetensorsHeader, type TensorEntry } from '#host/weights/safetensors.ts';

const caseSchema = z.looseObject({
  name: z.string(),
  family: z.string(),
  config: z.record(z.string(), z.custom<Json>()),
  atol: z.number(),
  /** Preprocessing and pipelines: the raw pictures and the prompt. */
  images: z.array(z.string()).optional(),
  prompt: z.string().optional(),
  /** Arguments of the reference's call, beside its inputs. */
  call: z.record(z.string(), z.custom<Json>()).optional(),
  pixel_atol: z.number().optional(),
});

export interface RecordedTensor {
  readonly shape: readonly number[];
  /** Whole numbers are exact: no recorded one needs more than 53 bits. */
  readonly data: Float32Array | readonly number[];
}

export type RecordedCase = z.infer<typeof caseSchema> & {
  readonly folder: string;
  readonly inputs: ReadonlyMap<string, RecordedTensor>;
  readonly outputs: ReadonlyMap<string, RecordedTensor>;
};

export async function openCase(folder: string): Promise<Outcome<RecordedCase>> {
  const path = join(folder, 'case.json');
  let json: unknown;
  try {
    json = parsePythonJson(await readFile(path, 'utf8'));
  } catch (cause) {
    return fail(error('file-unreadable', `${path} cannot be read: ${(cause as Error).message}`));
  }
  const parsed = caseSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const message = `${path} is no recorded case: ${issue?.path.join('.')} ${issue?.message}`;
    return fail(error('document-invalid', message));
  }
  const tensors = await readTensors(join(folder, 'io.safetensors'));
  if (!tensors.ok) return tensors;
  const part = (prefix: string) =>
    new Map(
      [...tensors.value]
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
    );
  return ok({ ...parsed.data, folder, inputs: part('in.'), outputs: part('out.') });
}

/** Python writes infinity as a bare word; JSON knows it only as a number too large to hold. */
function parsePythonJson(text: string): unknown {
  return JSON.parse(text.replaceAll(/(?<=[:[,]\s*-?)Infinity(?=\s*[,\]}])/g, '1e999'));
}

async function readTensors(path: string): Promise<Outcome<ReadonlyMap<string, RecordedTensor>>> {
  const header = await readSafetensorsHeader(path);
  if (!header.ok) return header;
  const bytes = await readFile(path);
  const tensors = new Map<string, RecordedTensor>();
  for (const entry of header.value.tensors.values()) {
    const data = numbersOf(entry, bytes);
    if (!data) {
      const message = `${path}: "${entry.name}" holds ${entry.type}; float32 and int64 are read.`;
      return fail(error('tensor-type', message));
    }
    tensors.set(entry.name, { shape: entry.shape, data });
  }
  return ok(tensors);
}

function numbersOf(
  { type, offset, length }: TensorEntry,
  file: Buffer,
): RecordedTensor['data'] | null {
  // Copied, because a tensor need not lie on a multiple of its element size.
  const bytes = Uint8Array.from(file.subarray(offset, offset + length)).buffer;
  switch (type) {
    case 'F32':
      return new Float32Array(bytes);
    case 'I64':
      return Array.from(new BigInt64Array(bytes), Number);
    case 'BOOL':
      return Array.from(new Uint8Array(bytes));
    default:
      return null;
  }
}
