/** Files are written whole, where the path leads, and nowhere that keeps the writer waiting. */
import { execFileSync } from 'node:child_process';
import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises'; // prettier-ignore
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { checkWritable, writeWhole } from './write-whole.ts';

const root = await mkdtemp(join(os.tmpdir(), 'patchbay-write-whole-'));
afterAll(() => rm(root, { recursive: true }));

let folder: string;
let path: string;
let count = 0;

beforeEach(async () => {
  folder = join(root, String(count++));
  await mkdir(folder);
  path = join(folder, 'here.json');
});

const refusal = async (written = writeWhole(path, 'new')): Promise<string | undefined> => {
  const outcome = await written;
  return outcome.ok ? undefined : outcome.problems[0]?.message;
};

describe.skipIf(process.platform === 'win32')('what is no file', () => {
  test('such as a pipe that nobody reads is refused at once, and stays what it is', async () => {
    execFileSync('mkfifo', [path]);
    const why = `${path} cannot be written: it is a pipe or a device and no file; choose another place.`;
    expect(await refusal()).toBe(why);
    expect(await refusal(checkWritable(path))).toBe(why);
    expect((await lstat(path)).isFIFO()).toBe(true);
    expect(await refusal(writeWhole('/dev/null', 'new'))).toContain('it is a pipe or a device');
  });

  test('is written where the caller takes it', async () => {
    expect(await writeWhole('/dev/null', 'new', { acceptsStreams: true })).toMatchObject({
      ok: true,
    });
  });
});

describe.skipIf(process.platform === 'win32')('a link at which nothing is yet', () => {
  test('stays a link, over several others too, and the file appears where it points', async () => {
    await mkdir(join(folder, 'below'));
    await symlink(join('below', 'second.json'), path);
    await symlink('target.json', join(folder, 'below', 'second.json'));
    expect(await refusal()).toBeUndefined();
    expect(await readlink(path)).toBe(join('below', 'second.json'));
    expect(await readFile(join(folder, 'below', 'target.json'), 'utf8')).toBe('new');
    expect(await readdir(folder)).toEqual(['below', 'here.json']);
  });

  test('into a folder that is missing is refused with where it points', async () => {
    await symlink('/nowhere/target.json', path);
    const why = `${path}, a link to /nowhere/target.json, cannot be written: there is no such folder; choose another place.`;
    expect(await refusal()).toBe(why);
    expect(await refusal(checkWritable(path))).toBe(why);
    expect(await readlink(path)).toBe('/nowhere/target.json');
  });

  test('that leads back to itself is refused', async () => {
    await symlink('here.json', path);
    expect(await refusal()).toBe(
      `${path} cannot be written: its links lead in a circle; choose another place.`,
    );
  });
});

test.skipIf(process.platform === 'win32')(
  'a private file is for its user alone, also where everybody could read it before',
  async () => {
    await writeFile(path, 'old', { mode: 0o644 });
    for (const place of [path, join(folder, 'fresh.json')]) {
      expect(await refusal(writeWhole(place, 'new', { isPrivate: true }))).toBeUndefined();
      expect((await stat(place)).mode & 0o777).toBe(0o600);
    }
  },
);
