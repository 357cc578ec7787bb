/** The small files of a checkpoint folder that describe its model. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileLimits } from '#engine/contract/file-service.ts';
import { formatBytes } from '#engine/contract/format.ts';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import {
  configFileNames,
  type ConfigFiles,
  type JsonObject,
} from '#engine/contract/config-files.ts';
import { noRegularFile, openRegularFile } from '../system/regular-file.ts';
import { parseJsonObject, parsePythonJson } from '../weights/bounded-json.ts';

/** A configuration nests a handful of parts and holds some hundred values; one with labels, some thousand. */
const jsonLimits = { depth: 32, values: 50_000, fields: 20_000 } as const;

/** Files that are not there are left out. Fails with `file-unreadable` or `file-too-large`. */
export async function readFolderConfig(path: string): Promise<Outcome<ConfigFiles>> {
  const facts = await stat(path).catch(() => null);
  if (facts?.isDirectory() !== true)
    return unreadable(`There is no folder ${path}; choose another.`);
  const files: Record<string, JsonObject> = {};
  for (const name of configFileNames) {
    const file = await readConfig(join(path, name));
    if (!file.ok) return file;
    if (file.value) files[name] = file.value;
  }
  return ok(files);
}

/** Null where there is no such file. */
async function readConfig(path: string): Promise<Outcome<JsonObject | null>> {
  let bytes: Buffer;
  try {
    const file = await openRegularFile(path);
    try {
      const { size } = await file.stat();
      if (size > fileLimits.configBytes) return tooLarge(path, size);
      bytes = await file.readFile();
    } finally {
      await file.close();
    }
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    if (code === 'ENOENT') return ok(null);
    if (code === noRegularFile) return unreadable(`${path} is no file; choose another folder.`);
    return unreadable(`${path} cannot be read (${code}); allow it, or choose another folder.`);
  }
  const parsed = parseJsonObject(bytes, jsonLimits, parsePythonJson);
  if (typeof parsed === 'string')
    return unreadable(`${path} ${parsed}; copy the file again, or choose another folder.`);
  return ok(parsed as JsonObject);
}

function tooLarge(path: string, sizeBytes: number): Outcome<never> {
  const limit = formatBytes(fileLimits.configBytes);
  const message = `${path} has ${formatBytes(sizeBytes)}, a configuration may have ${limit}; choose another folder.`;
  return fail(error('file-too-large', message));
}

function unreadable(message: string): Outcome<never> {
  return fail(error('file-unreadable', message));
}
