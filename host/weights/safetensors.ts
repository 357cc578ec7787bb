/**
 * Reads the header of a safetensors file, and nothing else, from a file that may be hostile.
 * Format: 8 bytes of header length (little-endian), that many bytes of JSON, then the numbers.
 * https://github.com/huggingface/safetensors#format
 */
import { open, stat, type FileHandle } from 'node:fs/promises';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { isRecord, parseJsonObject, type JsonLimits } from './bounded-json.ts';
import { identityOf, type FileIdentity } from './file-digests.ts';
import { quote, readFailure } from './read-failure.ts';

/** Where one tensor lies. */
export interface TensorEntry {
  readonly name: string;
  /** The number type as the file names it: 'F32', 'BF16', ... or one that is not known here. */
  readonly type: string;
  readonly shape: readonly number[];
  readonly path: string;
  /** Bytes from the start of the file. Any number: the format does not align tensors. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
}

export interface SafetensorsFile {
  readonly path: string;
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly metadata: Readonly<Record<string, string>>;
  /** Of the file whose header was read. */
  readonly identity: FileIdentity;
}

export const safetensorsLimits = {
  /** The format's own limit. */
  headerBytes: 100_000_000,
  /** The largest published models have some 10^5 tensors, and spread them over a hundred files. */
  tensors: 2 ** 17,
  /** Nesting module names make some 100 characters; adapters on adapters double that. */
  nameLength: 1024,
  /** "F8_E4M3FNUZ" is the longest name of a number type so far. */
  typeLength: 32,
  /** Kernels of a 3-D convolution have 5 dimensions. */
  rank: 16,
  /** A flat tensor of a terabyte. Sixteen such dimensions still multiply to a finite number. */
  dimension: 2 ** 40,
  /** Trainers leave some hundred notes; their length is bounded by the header. */
  metadata: 2 ** 12,
} as const;

const headerJsonLimits: JsonLimits = {
  depth: 3,
  /** A tensor counts 8 and one for each dimension. */
  values: safetensorsLimits.tensors * 16,
  /** Its name, dtype, shape and data_offsets. */
  fields: safetensorsLimits.tensors * 4 + safetensorsLimits.metadata + 1,
};

const prefixBytes = 8;
const metadataKey = '__metadata__';

/**
 * Bytes per element of the types whose size is checked against the shape. Later versions of the
 * format add types: a file that holds one is listed, and only reading that tensor is a problem.
 */
const elementBytes: ReadonlyMap<string, number> = new Map([
  ...['BOOL', 'U8', 'I8', 'F8_E4M3', 'F8_E5M2'].map((type) => [type, 1] as const),
  ...['I16', 'U16', 'F16', 'BF16'].map((type) => [type, 2] as const),
  ...['I32', 'U32', 'F32'].map((type) => [type, 4] as const),
  ...['I64', 'U64', 'F64'].map((type) => [type, 8] as const),
]);

/**
 * The tensors of one file, every one inside the file and none overlapping another. Bytes that no
 * tensor claims are allowed, unlike in the reference reader: some writers pad, and we skip them.
 * Fails with 'checkpoint-unreadable' (the file) or 'checkpoint-broken' (what is in it).
 */
export async function readSafetensorsHeader(path: string): Promise<Outcome<SafetensorsFile>> {
  const source = await readSource(path);
  if (!source.ok) return source;
  const { header: bytes, identity } = source.value;
  const header = parseJsonObject(bytes, headerJsonLimits);
  if (typeof header === 'string') return broken(path, `has a header that ${header}`);
  const metadata = readMetadata(header[metadataKey]);
  if (typeof metadata === 'string') return broken(path, metadata);

  const tensors = new Map<string, TensorEntry>();
  for (const [name, value] of Object.entries(header)) {
    if (name === metadataKey) continue;
    const entry = readEntry(path, prefixBytes + bytes.length, name, value);
    if (typeof entry === 'string') return broken(path, `is broken: tensor ${quote(name)} ${entry}`);
    tensors.set(name, entry);
  }
  if (tensors.size > safetensorsLimits.tensors) {
    return broken(path, `lists ${tensors.size} tensors, over ${safetensorsLimits.tensors}`);
  }
  const misplaced = findMisplaced([...tensors.values()], identity.sizeBytes);
  if (misplaced !== undefined) return broken(path, misplaced);
  return ok({ path, tensors, metadata, identity });
}

interface Source {
  readonly header: Buffer;
  readonly identity: FileIdentity;
}

async function readSource(path: string): Promise<Outcome<Source>> {
  try {
    // Asked before opening, because opening a named pipe waits for a writer.
    if (!(await stat(path)).isFile()) {
      const message = `${path} is a folder or a device; choose a safetensors file.`;
      return fail(error('checkpoint-unreadable', message));
    }
    const file = await open(path);
    try {
      return await readOpened(path, file);
    } finally {
      await file.close();
    }
  } catch (cause) {
    return fail(readFailure(path, cause));
  }
}

async function readOpened(path: string, file: FileHandle): Promise<Outcome<Source>> {
  const identity = identityOf(path, await file.stat({ bigint: true }));
  const { sizeBytes } = identity;
  const prefix = await readBytes(file, 0, prefixBytes);
  if (prefix.length < prefixBytes) {
    return broken(path, `has ${prefix.length} bytes, a safetensors file begins with 8`);
  }
  if (prefix.toString('latin1') === 'version ') {
    const advice = 'fetch the file with "git lfs pull"';
    return broken(path, 'is a Git LFS pointer in place of the weights', advice);
  }
  const length = prefix.readBigUInt64LE();
  const rest = sizeBytes - prefixBytes;
  if (length > BigInt(rest)) {
    const claim = `claims a header of ${length} bytes but has only ${rest} more`;
    return broken(path, `is truncated or no safetensors file: it ${claim}`);
  }
  if (length > BigInt(safetensorsLimits.headerBytes)) {
    const limit = safetensorsLimits.headerBytes;
    return broken(path, `claims a header of ${length} bytes, the format allows ${limit}`);
  }
  const header = await readBytes(file, prefixBytes, Number(length));
  if (header.length < Number(length)) return broken(path, 'became shorter while it was read');
  return ok({ header, identity });
}

/** Fewer bytes than asked for where the file ends. */
async function readBytes(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

function readMetadata(value: unknown): Readonly<Record<string, string>> | string {
  if (value === undefined) return {};
  if (!isRecord(value)) return `has ${metadataKey} that is not an object`;
  const entries = Object.entries(value);
  if (entries.length > safetensorsLimits.metadata) {
    return `has ${entries.length} entries of ${metadataKey}, over ${safetensorsLimits.metadata}`;
  }
  const wrong = entries.find(([, text]) => typeof text !== 'string');
  if (wrong !== undefined) return `has ${metadataKey} whose ${quote(wrong[0])} is not text`;
  return value as Record<string, string>; // Checked above, one by one.
}

/** The entry, or what is wrong with it, to be read after its name. */
function readEntry(
  path: string,
  dataStart: number,
  name: string,
  value: unknown,
): TensorEntry | string {
  const { nameLength, typeLength, rank, dimension } = safetensorsLimits;
  if (name.length > nameLength)
    return `has a name of ${name.length} characters, over ${nameLength}`;
  if (!isRecord(value)) return 'is not described by an object';
  const { dtype: type, shape, data_offsets: range } = value;
  if (typeof type !== 'string' || type.length > typeLength) return 'has no readable dtype';
  if (!isCountList(shape)) return 'has a shape that is not a list of whole numbers';
  if (shape.length > rank) return `has ${shape.length} dimensions, over ${rank}`;
  const widest = Math.max(0, ...shape);
  if (widest > dimension) return `has a dimension of ${widest}, over ${dimension}`;
  if (!isCountList(range) || range.length !== 2) return 'has data_offsets that are not two numbers';
  const [begin, end] = range as [number, number];
  if (begin > end) return `has data_offsets that end (${end}) before they begin (${begin})`;
  const length = end - begin;
  const size = elementBytes.get(type);
  if (size !== undefined) {
    // Beyond 2^53 the product is rounded, but then no file is as long.
    const needed = shape.reduce((product, count) => product * count, size);
    const form = `${type} of shape [${shape.join(', ')}]`;
    if (needed !== length) return `has ${length} bytes, but ${form} takes ${needed}`;
  }
  return { name, type, shape, path, offset: dataStart + begin, length };
}

/** Names the first tensor that lies beyond the end of the file, or two that share bytes. */
function findMisplaced(entries: readonly TensorEntry[], sizeBytes: number): string | undefined {
  const beyond = entries.find((entry) => entry.offset + entry.length > sizeBytes);
  if (beyond !== undefined) {
    const end = beyond.offset + beyond.length;
    const where = `tensor ${quote(beyond.name)} ends at byte ${end}`;
    return `is truncated: ${where}, but the file has only ${sizeBytes} bytes`;
  }
  const filled = entries.filter((entry) => entry.length > 0);
  filled.sort((left, right) => left.offset - right.offset);
  // In this order, when any two overlap then some neighbours do.
  for (const [index, entry] of filled.entries()) {
    const next = filled[index + 1];
    if (next !== undefined && entry.offset + entry.length > next.offset) {
      return `is broken: tensors ${quote(entry.name)} and ${quote(next.name)} share bytes`;
    }
  }
  return undefined;
}

function broken(path: string, what: string, advice = 'download the file again'): Outcome<never> {
  return fail(error('checkpoint-broken', `${path} ${what}; ${advice}.`));
}

function isCountList(value: unknown): value is readonly number[] {
  return (
    Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && Number(item) >= 0)
  );
}
