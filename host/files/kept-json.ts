/** A JSON file that Patchbay keeps for itself beside the user's data. */
import { dirname } from 'node:path';
import { fail, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { writeWhole } from '../system/write-whole.ts';
import { readRegularFile } from '../system/regular-file.ts';
import { makePrivateFolder } from '../system/private-folder.ts';
import { setAside } from './set-aside.ts';

const remedy = 'make room or give permission there, or set PATCHBAY_DATA to another folder';

/** What `parse` makes of the file; null where there is none, or where it is broken, which sets it aside. */
export async function readKept<Value>(
  path: string,
  parse: (value: unknown) => Value | null,
): Promise<Value | null> {
  const bytes = await readRegularFile(path).catch(() => null);
  if (bytes === null) return null;
  try {
    const value = parse(JSON.parse(bytes.toString('utf8')));
    if (value !== null) return value;
  } catch {
    // No JSON: as broken as JSON of another kind.
  }
  await setAside(path);
  return null;
}

export async function writeKept(path: string, value: unknown): Promise<Outcome<null>> {
  return writeKeptBytes(path, JSON.stringify(value));
}

/** Makes the folder where it is missing. */
export async function writeKeptBytes(
  path: string,
  content: string | Uint8Array,
): Promise<Outcome<null>> {
  try {
    await makePrivateFolder(dirname(path));
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    const message = `The folder ${dirname(path)} cannot be made (${code}); give this user permission, or set PATCHBAY_DATA to another folder.`;
    return fail(error('file-unwritable', message));
  }
  return writeWhole(path, content, { isPrivate: true, remedy });
}
