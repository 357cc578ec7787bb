/** Walks folders of recorded cases and checks every one. */
import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { CaseResult } from '#engine/contract/case-result.ts';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { breathe, type CancelSwitch } from '../runs/progress.ts';
import { openCase } from './recorded-case.ts';
import { verifyCase } from './verify-case.ts';
import { Workbench } from './workbench.ts';

/** `tell` hears each result as it comes. Fails where a folder holds no case at all. */
export async function verifyFolders(
  folders: readonly string[],
  tell: (result: CaseResult) => void,
  cancel: CancelSwitch,
): Promise<Outcome<null>> {
  const cases: string[] = [];
  for (const folder of folders) {
    const found =
      (await stat(folder).catch(() => null))?.isDirectory() === true ? await findCases(folder) : [];
    if (found.length === 0) {
      const message = `There is no recorded case (a folder with case.json) in ${folder}; name another folder.`;
      return fail(error('file-unreadable', message));
    }
    cases.push(...found);
  }
  const workbench = await Workbench.open();
  if (!workbench.ok) return workbench;
  try {
    for (const folder of cases) {
      tell(await verifyFolder(folder, workbench.value));
      await breathe();
      const going = cancel.check();
      if (!going.ok) return going;
    }
    return ok(null);
  } finally {
    await workbench.value.close();
  }
}

async function verifyFolder(folder: string, workbench: Workbench): Promise<CaseResult> {
  const recorded = await openCase(folder);
  if (recorded.ok) return verifyCase(recorded.value, workbench);
  const message = recorded.problems.map((problem) => problem.message).join(' ');
  const [family, name] = [basename(dirname(folder)), basename(folder)];
  return { family, name, status: 'fail', maxAbsError: null, atol: 0, message };
}

async function findCases(folder: string): Promise<readonly string[]> {
  if (existsSync(join(folder, 'case.json'))) return [folder];
  const entries = await readdir(folder, { withFileTypes: true });
  const inner = entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted();
  const found = await Promise.all(inner.map((name) => findCases(join(folder, name))));
  return found.flat();
}
