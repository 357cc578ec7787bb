/** Finds the recorded cases in folders. */
import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';

/** Every folder with a case.json, in the order of names. Fails where one of `folders` holds none. */
export async function findCaseFolders(
  folders: readonly string[],
): Promise<Outcome<readonly string[]>> {
  const cases: string[] = [];
  for (const folder of folders) {
    const found =
      (await stat(folder).catch(() => null))?.isDirectory() === true ? await findIn(folder) : [];
    if (found.length === 0) {
      const message = `There is no recorded case (a folder with case.json) in ${folder}; name another folder.`;
      return fail(error('file-unreadable', message));
    }
    cases.push(...found);
  }
  return ok(cases);
}

async function findIn(folder: string): Promise<readonly string[]> {
  if (existsSync(join(folder, 'case.json'))) return [folder];
  const entries = await readdir(folder, { withFileTypes: true });
  const inner = entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted();
  const found = await Promise.all(inner.map((name) => findIn(join(folder, name))));
  return found.flat();
}
