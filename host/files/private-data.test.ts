/** What Patchbay keeps for a user can be read by nobody else, also where an older version left it open. */
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { StageCache } from '../cache/stage-cache.ts';
import { presetsFolder } from '../system/package-root.ts';
import { LocalFiles } from './local-files.ts';

const root = await mkdtemp(join(os.tmpdir(), 'patchbay-private-'));
afterAll(() => rm(root, { recursive: true }));

/** All that others than the user may do something with. */
async function openToOthers(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true });
  const found: string[] = [];
  for (const name of ['', ...entries])
    if (((await stat(join(folder, name))).mode & 0o077) !== 0) found.push(name);
  return found;
}

test.skipIf(process.platform === 'win32')(
  'drafts, pictures, preferences and names of files are for their user alone',
  async () => {
    const data = join(root, 'data');
    await mkdir(join(data, 'drafts'), { recursive: true });
    await writeFile(join(data, 'preferences.json'), '{}');
    for (const old of [data, join(data, 'drafts')]) await chmod(old, 0o755);
    const files = new LocalFiles(data);
    const document = sketchDocument({}, []);
    const picture = await readFile(join(presetsFolder, 'samples', 'shapes-ring.png'));
    const path = join(root, 'mine.patchbay.json');
    const kept = [
      await files.keepDraft({ id: 'a', window: 'w', path, stamp: null, unsaved: true, document }),
      await files.keepPreferences({ theme: 'dark' }),
      await files.keepPicture({ name: 'ring.png', base64: picture.toString('base64') }),
      await files.saveDocument({ path, document, stamp: null, overwrite: false }),
    ];
    expect(kept.every(({ ok }) => ok)).toBe(true);
    expect((await readdir(data)).toSorted()).toEqual(
      expect.arrayContaining(['drafts', 'pictures', 'preferences.json', 'recent-files.json']),
    );
    expect(await openToOthers(data)).toEqual([]);
    // What the user saves is as open as the system makes their files.
    expect((await stat(path)).mode & 0o777).toBe(0o666 & ~process.umask());
  },
);

test.skipIf(process.platform === 'win32')('nobody else gets at what the cache holds', async () => {
  const cache = await StageCache.open(join(root, 'cache'));
  expect(cache.ok).toBe(true);
  expect(await openToOthers(join(root, 'cache'))).toEqual([]);
});
