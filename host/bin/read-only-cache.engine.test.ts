/** A cache that may be read but not written, as on a shared or locked disk: what is in it serves, the rest is refused. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SmallDisk } from '../cache/small-disk.testing.ts';
import { decoderGraph, writeGraph } from './graphs.testing.ts';
import { buildPrograms, patchbay } from './patchbay-command.testing.ts';

const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-read-only-'));
const disk = SmallDisk.mount(64 * 2 ** 20);
const cache = join(disk?.folder ?? folder, 'cache');

beforeAll(buildPrograms);
afterAll(async () => {
  disk?.unmount();
  await rm(folder, { recursive: true });
});

describe.skipIf(disk === null)('a read-only cache', () => {
  test('answers from what it holds, and says why it takes nothing new', async () => {
    const known = await writeGraph(folder, 'known', decoderGraph());
    const fresh = await writeGraph(folder, 'fresh', decoderGraph({ hiddenSize: 48 }));
    const answerOf = async (graph: string) => {
      const { status, stdout, stderr } = await patchbay(['run', graph, '--json', '--runs', '1'], {
        cache,
      });
      const { answer } = JSON.parse(stdout) as { answer: { text: string } | null };
      return { status, stderr, text: answer?.text ?? null };
    };
    const before = await answerOf(known);
    expect(before).toMatchObject({ status: 0, stderr: '' });
    disk?.lock();
    expect(await answerOf(known)).toEqual(before);
    const refused = await answerOf(fresh);
    expect(refused).toMatchObject({ status: 1, text: null });
    expect(refused.stderr).toMatch(
      /^error: language: The stage cache .+ cannot be written: the disk is read-only; set PATCHBAY_CACHE to a folder that can\. \[cache-unwritable\]\n$/,
    );
    disk?.unlock();
    expect(await answerOf(fresh)).toMatchObject({ status: 0 });
  });
});
