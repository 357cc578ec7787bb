/** Opens a model folder in the Hugging Face layout: which tensors it holds, and where they lie. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error, type Problem } from '#engine/contract/problem.ts';
import { isRecord, parseJsonObject } from './bounded-json.ts';
import type { FileIdentity } from './file-digests.ts';
import { quote, readFailure } from './read-failure.ts';
import { readSafetensorsHeader, safetensorsLimits, type TensorEntry } from './safetensors.ts';

export interface Checkpoint {
  readonly folder: string;
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  /** The files that hold them, by path. */
  readonly files: ReadonlyMap<string, FileIdentity>;
}

const indexName = 'model.safetensors.index.json';
const singleName = 'model.safetensors';
const suffix = '.safetensors';

const indexLimits = {
  /** 10^5 tensors take 10 MB. */
  bytes: 100_000_000,
  /** An index lists the tensors of all files of a model; nothing published has a fifth of this. */
  values: 2 ** 20,
  fields: 2 ** 20,
  depth: 8,
  /** Published models have some hundred. */
  shards: 2 ** 12,
  /** The longest file name of common file systems. */
  shardNameLength: 255,
  /** More problems than this say nothing new. */
  problems: 20,
} as const;

/** Weights of other programs, named where a folder has nothing else. */
const foreignWeights = /^pytorch_model.*\.bin$|\.(gguf|pt|pth|ckpt)$/;

/**
 * Opens `model.safetensors.index.json` with its shards, else `model.safetensors`, else the only
 * `*.safetensors` file of the folder. Of shards, the tensors that the index lists are taken.
 * Fails with 'checkpoint-unreadable' (what is not there) or 'checkpoint-broken' (what is).
 */
export async function openCheckpoint(folder: string): Promise<Outcome<Checkpoint>> {
  const names = await listFolder(folder);
  if (!names.ok) return names;
  if (names.value.includes(indexName)) return openShards(folder, names.value);
  const name = chooseSingle(folder, names.value);
  if (!name.ok) return name;
  const file = await readSafetensorsHeader(join(folder, name.value));
  if (!file.ok) return file;
  const { path, tensors, identity } = file.value;
  return ok({ folder, tensors, files: new Map([[path, identity]]) });
}

async function listFolder(folder: string): Promise<Outcome<readonly string[]>> {
  try {
    const names = await readdir(folder);
    // Archives made on macOS carry a "._model.safetensors" beside each file, which is no checkpoint.
    return ok(names.filter((name) => !name.startsWith('.')).toSorted());
  } catch (cause) {
    return fail(readFailure(folder, cause));
  }
}

function chooseSingle(folder: string, names: readonly string[]): Outcome<string> {
  if (names.includes(singleName)) return ok(singleName);
  const files = names.filter((name) => name.endsWith(suffix));
  const [only] = files;
  if (only !== undefined && files.length === 1) return ok(only);
  const lookedFor = `neither ${indexName} nor ${singleName}`;
  if (files.length > 1) {
    const several = `holds ${lookedFor}, but ${files.length} other *${suffix} files (${listed(files)})`;
    return unreadable(`${folder} ${several}; keep one of them, or add the index that joins them.`);
  }
  const nothing = `holds ${lookedFor} nor any other *${suffix} file`;
  const foreign = names.filter((name) => foreignWeights.test(name));
  if (foreign.length === 0) return unreadable(`${folder} ${nothing}; choose a folder that does.`);
  const instead = `It holds ${listed(foreign)}, which is not read; convert it to safetensors or download the safetensors files of the model.`;
  return unreadable(`${folder} ${nothing}. ${instead}`);
}

async function openShards(folder: string, names: readonly string[]): Promise<Outcome<Checkpoint>> {
  const index = await readIndex(join(folder, indexName));
  if (!index.ok) return index;
  const shards = index.value;
  const absent = [...shards.keys()].filter((name) => !names.includes(name));
  if (absent.length > 0) {
    const what = `lacks ${absent.length} of ${shards.size} files that ${indexName} lists (${listed(absent)})`;
    return unreadable(`${folder} ${what}; download them into it.`);
  }
  const tensors = new Map<string, TensorEntry>();
  const files = new Map<string, FileIdentity>();
  const problems: Problem[] = [];
  // One after the other, so that one hostile header at a time is in memory.
  for (const [shard, tensorNames] of shards) {
    const file = await readSafetensorsHeader(join(folder, shard));
    if (!file.ok) {
      problems.push(...file.problems);
      continue;
    }
    files.set(file.value.path, file.value.identity);
    for (const name of tensorNames) {
      const entry = file.value.tensors.get(name);
      if (entry !== undefined) tensors.set(name, entry);
      else problems.push(absentTensor(folder, shard, name));
    }
  }
  if (problems.length > 0) return fail(...problems.slice(0, indexLimits.problems));
  return ok({ folder, tensors, files });
}

/** Tensor names by the file that holds them. */
async function readIndex(path: string): Promise<Outcome<ReadonlyMap<string, readonly string[]>>> {
  let bytes: Buffer;
  try {
    const status = await stat(path);
    if (!status.isFile()) return unreadable(`${path} is not a file; download it again.`);
    if (status.size > indexLimits.bytes) {
      return broken(path, `has ${status.size} bytes, over ${indexLimits.bytes}`);
    }
    bytes = await readFile(path);
  } catch (cause) {
    return fail(readFailure(path, cause));
  }
  const index = parseJsonObject(bytes, indexLimits);
  if (typeof index === 'string') return broken(path, index);
  const shards = readWeightMap(index['weight_map']);
  if (typeof shards === 'string') return broken(path, shards);
  return ok(shards);
}

/** Tensor names by shard, or what is wrong with the map. */
function readWeightMap(map: unknown): ReadonlyMap<string, readonly string[]> | string {
  if (!isRecord(map)) return 'has no weight_map from tensors to files';
  const shards = new Map<string, string[]>();
  for (const [tensor, shard] of Object.entries(map)) {
    if (tensor.length > safetensorsLimits.nameLength) {
      const limit = safetensorsLimits.nameLength;
      return `names a tensor ${quote(tensor)} of ${tensor.length} characters, over ${limit}`;
    }
    if (typeof shard !== 'string' || !isPlainName(shard)) {
      const value = typeof shard === 'string' ? quote(shard) : `a ${typeof shard}`;
      return `puts tensor ${quote(tensor)} into ${value}, which is not the plain name of a *${suffix} file in the folder`;
    }
    const tensors = shards.get(shard);
    if (tensors === undefined) shards.set(shard, [tensor]);
    else tensors.push(tensor);
  }
  if (shards.size === 0) return 'lists no tensors';
  if (shards.size > indexLimits.shards) {
    return `lists ${shards.size} files, over ${indexLimits.shards}`;
  }
  return shards;
}

/** A name that cannot lead out of the folder, on any system: colons are for Windows. */
function isPlainName(name: string): boolean {
  const isShort = name.length <= indexLimits.shardNameLength;
  return isShort && name.endsWith(suffix) && !/[/\\:\0]|\.\./.test(name);
}

function absentTensor(folder: string, shard: string, name: string): Problem {
  const where = `${join(folder, shard)} lacks tensor ${quote(name)}`;
  const message = `${where}, which ${indexName} puts there; download both again.`;
  return error('checkpoint-broken', message);
}

function listed(names: readonly string[]): string {
  const shown = 3;
  const first = names.slice(0, shown).map(quote).join(', ');
  return names.length > shown ? `${first}, ...` : first;
}

function unreadable(message: string): Outcome<never> {
  return fail(error('checkpoint-unreadable', message));
}

function broken(path: string, what: string): Outcome<never> {
  return fail(error('checkpoint-broken', `${path} ${what}; download it again.`));
}
