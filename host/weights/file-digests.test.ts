/** A file is read through once and then known by what the system says of it, until it is touched. */
import {
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
import { fail, ok } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { SmallDisk } from '../cache/small-disk.testing.ts';
import { FileDigests, identityOf, type FileIdentity, type TellRead } from './file-digests.ts';

let folder = '';
let notes = '';
beforeEach(async () => {
  folder = await mkdtemp(join(os.tmpdir(), 'patchbay-file-digests-'));
  notes = join(folder, 'notes');
});
afterEach(async () => {
  vi.useRealTimers();
  await rm(folder, { recursive: true });
});

const say: TellRead = () => Promise.resolve(ok(null));

async function fileOf(name: string, content: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

const identity = async (path: string): Promise<FileIdentity> =>
  identityOf(path, await stat(path, { bigint: true }));

/** By the calendar of the test the files were written long ago, and so can be relied on. */
const later = () => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });

/** Asks those who have never seen the file, but find the notes of who has. */
const digestOf = async (path: string) =>
  valueOf(await new FileDigests(notes).of(await identity(path), say));

test('equal bytes have one digest, whatever the file is called; other bytes have another', async () => {
  const same = [await fileOf('a', 'weights'), await fileOf('b', 'weights')];
  const [first, second] = [await digestOf(same[0] as string), await digestOf(same[1] as string)];
  expect(second).toBe(first);
  expect(await digestOf(await fileOf('c', 'weighty'))).not.toBe(first);
});

test('what has settled is read once, in this process and the next', async () => {
  const path = await fileOf('a', 'weights');
  const known = await identity(path);
  later();
  const first = await digestOf(path);
  // Nobody could read it now: what is known of it is all that there is.
  await rm(path);
  expect(valueOf(await new FileDigests(notes).of(known, say))).toBe(first);
});

test('bytes changed behind the back of the modification time are noticed', async () => {
  const path = await fileOf('a', 'weights');
  const time = new Date(1_700_000_000_000);
  await utimes(path, time, time);
  later();
  const before = await digestOf(path);
  const file = await open(path, 'r+');
  await file.write('W', 0);
  await file.close();
  await utimes(path, time, time);
  expect(await digestOf(path)).not.toBe(before);
});

test('what was written just now is not relied on, as the clock of the file system may stand still', async () => {
  await digestOf(await fileOf('a', 'weights'));
  expect(await readdir(folder)).toEqual(['a']);
});

test('a note that was damaged is none, and notes that cannot be kept are no failure', async () => {
  const path = await fileOf('a', 'weights');
  later();
  const first = await digestOf(path);
  const [name = ''] = await readdir(notes);
  const note = await readFile(join(notes, name), 'latin1');
  for (let at = 0; at < note.length; at += 7) {
    const bytes = Buffer.from(note, 'latin1');
    bytes[at] = (bytes[at] as number) ^ 1;
    await writeFile(join(notes, name), bytes);
    expect(await digestOf(path)).toBe(first);
  }
  const nowhere = new FileDigests(join(path, 'not-a-folder'));
  expect(valueOf(await nowhere.of(await identity(path), say))).toBe(first);
});

const disk = SmallDisk.mount(2 ** 20);
afterAll(() => disk?.unmount());

test.skipIf(disk === null)('a disk that is full when a note is written leaves none', async () => {
  const path = await fileOf('a', 'weights');
  later();
  const expected = await digestOf(path);
  notes = join(disk?.folder ?? '', 'notes');
  await mkdir(notes);
  disk?.fill();
  expect(await digestOf(path)).toBe(expected);
  expect(await readdir(notes)).toEqual([]);
});

test('a file that changes while it is read is a problem that says so', async () => {
  const path = await fileOf('a', 'weights');
  const asked = await identity(path);
  await fileOf('a', 'weighty');
  for (const change of [() => Promise.resolve(), () => truncate(path, 3), () => rm(path)]) {
    await change();
    const outcome = await new FileDigests(notes).of(asked, say);
    expect(outcome).toMatchObject({ ok: false, problems: [{ code: 'checkpoint-unreadable' }] });
  }
});

test('reading what takes long is told, and can be stopped', async () => {
  const path = join(folder, 'large');
  await writeFile(path, '');
  // So many zeros that no machine is through before it is asked.
  const sizeBytes = 2 ** 40;
  await truncate(path, sizeBytes);
  const told: number[] = [];
  const outcome = await new FileDigests(notes).of(await identity(path), (done, total) => {
    told.push(done, total);
    return Promise.resolve(fail(error('run-cancelled', 'Stopped.')));
  });
  expect(outcome).toMatchObject({ ok: false, problems: [{ code: 'run-cancelled' }] });
  expect(told).toEqual([expect.any(Number), sizeBytes]);
  expect(told[0]).toBeLessThan(sizeBytes);
});
