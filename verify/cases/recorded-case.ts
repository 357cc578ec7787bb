/** A recorded reference case: a folder with case.json, the tensors that went in and came out, and weights. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import {
  configFileNames,
  type ConfigFiles,
  type JsonObject,
} from '#engine/contract/config-files.ts';
import type { Json } from '#engine/contract/document.ts';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { readSafetensorsHeader, type TensorEntry } from '#host/weights/safetensors.ts';

const caseSchema = z.object({
  name: z.string(),
  family: z.string(),
  config: z.record(z.string(), z.custom<Json>()),
  atol: z.number(),
  /** Names of what is recorded. */
  outputs: z.array(z.string()).optional(),
  /** Preprocessing and pipelines: the raw pictures and the prompt. */
  images: z.array(z.string()).optional(),
  /** The frames of each clip. */
  videos: z.array(z.array(z.string())).optional(),
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

const stringsSchema = z.array(
  z.object({
    text: z.string(),
    ids: z.array(z.int()),
    ids_with_special_tokens: z.array(z.int()),
    decoded: z.string(),
    decoded_skip_special_tokens: z.string(),
  }),
);

/** A text with its ids, and the text that they give back. */
export type RecordedString = z.infer<typeof stringsSchema>[number];

export type RecordedCase = Omit<z.infer<typeof caseSchema>, 'outputs'> & {
  readonly folder: string;
  /** The folder's published configuration; of `config.json` also what only the case says. */
  readonly files: ConfigFiles;
  readonly inputs: ReadonlyMap<string, RecordedTensor>;
  readonly outputs: ReadonlyMap<string, RecordedTensor>;
  /** Tokenizers only. */
  readonly strings: readonly RecordedString[];
};

export const stringName = (index: number): string => `string ${index}`;
export const inputName = (name: string): string => `in.${name}`;

/** Everything that a computation can be held to: outputs, strings, and what a processor makes of raw inputs. */
export function recordedNames({
  inputs,
  outputs,
  strings,
  images,
  prompt,
}: RecordedCase): readonly string[] {
  const isProcessed = images !== undefined && prompt !== undefined;
  return [
    ...outputs.keys(),
    ...strings.map((_, index) => stringName(index)),
    ...(isProcessed ? [...inputs.keys()].map(inputName) : []),
  ];
}

export async function openCase(folder: string): Promise<Outcome<RecordedCase>> {
  const parsed = await readJson(join(folder, 'case.json'), caseSchema);
  if (!parsed.ok) return parsed;
  const files = await readConfigFiles(folder, parsed.value.config);
  if (!files.ok) return files;
  const stringsPath = join(folder, 'strings.json');
  const strings = existsSync(stringsPath) ? await readJson(stringsPath, stringsSchema) : ok([]);
  if (!strings.ok) return strings;
  const tensors = await readTensors(join(folder, 'io.safetensors'));
  if (!tensors.ok) return tensors;
  const part = (prefix: string) =>
    new Map(
      [...tensors.value]
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
    );
  const { outputs: named = [], ...facts } = parsed.value;
  const lacking = named.find((name) => !tensors.value.has(`out.${name}`));
  if (lacking !== undefined) {
    const message = `${folder} does not hold the output "${lacking}" that its case.json names; record it again.`;
    return fail(error('document-invalid', message));
  }
  return ok({
    ...facts,
    folder,
    files: files.value,
    strings: strings.value,
    inputs: part('in.'),
    outputs: part('out.'),
  });
}

async function readConfigFiles(folder: string, config: JsonObject): Promise<Outcome<ConfigFiles>> {
  const files: Record<string, JsonObject> = { 'config.json': config };
  for (const name of configFileNames) {
    const path = join(folder, name);
    if (!existsSync(path)) continue;
    const file = await readJson(path, z.record(z.string(), z.custom<Json>()));
    if (!file.ok) return file;
    files[name] = { ...files[name], ...file.value };
  }
  return ok(files);
}

async function readJson<Value>(path: string, schema: z.ZodType<Value>): Promise<Outcome<Value>> {
  let json: unknown;
  try {
    json = parsePythonJson(await readFile(path, 'utf8'));
  } catch (cause) {
    return fail(error('file-unreadable', `${path} cannot be read: ${(cause as Error).message}`));
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return ok(parsed.data);
  const issue = parsed.error.issues[0];
  const message = `${path} is not as it was recorded: ${issue?.path.join('.')} ${issue?.message}`;
  return fail(error('document-invalid', message));
}

/** Python writes infinity as a bare word; JSON knows it only as a number too large to hold. */
function parsePythonJson(text: string): unknown {
  return JSON.parse(text.replaceAll(/(?<=[:[,]\s*-?)Infinity(?=\s*[,\]}])/g, '1e999'));
}

/** The float32 and int64 tensors of a file. */
export async function readTensors(
  path: string,
): Promise<Outcome<ReadonlyMap<string, RecordedTensor>>> {
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
