/** What lies in the cache has been damaged since it was written: the answer is right all the same, and the user is told. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decoderGraph, writeGraph } from './graphs.testing.ts';
import { buildPrograms, patchbay } from './patchbay-command.testing.ts';

const cache = await mkdtemp(join(os.tmpdir(), 'patchbay-damaged-'));

const answerOf = (stdout: string) =>
  (JSON.parse(stdout) as { answer: { text: string } }).answer.text;

/** Wide enough that its weights lie beside the graph. */
const wide = { vocabularySize: 16_384, hiddenSize: 128, headSize: 64, precision: 'float32' };
const graph = await writeGraph(cache, 'wide', decoderGraph(wide));

/** By a process that has seen nothing yet. */
const freshRun = () => patchbay(['run', graph, '--json', '--runs', '1'], { cache });

let answer = '';
beforeAll(async () => {
  await buildPrograms();
  const first = await freshRun();
  expect(first).toMatchObject({ status: 0, stderr: '' });
  answer = answerOf(first.stdout);
});
afterAll(() => rm(cache, { recursive: true }));

async function stored(name: string): Promise<readonly string[]> {
  const names = await readdir(cache, { recursive: true });
  return names.filter((path) => basename(path) === name).map((path) => join(cache, path));
}

async function flipBit(path: string): Promise<void> {
  const bytes = await readFile(path);
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] as number) ^ 4;
  await writeFile(path, bytes);
}

test.for(['ready.onnx', 'ready.bin', 'stage.json'])(
  'one flipped bit in each %s is found, said and mended',
  async (name) => {
    const files = await stored(name);
    expect(files.length).toBeGreaterThan(0);
    for (const path of files) await flipBit(path);

    const after = await freshRun();
    expect({ status: after.status, answer: answerOf(after.stdout) }).toEqual({ status: 0, answer });
    const told = after.stderr.trimEnd().split('\n');
    expect(told).toHaveLength(files.length);
    for (const line of told)
      expect(line).toMatch(
        new RegExp(
          `^warning: \\w+: The stored copy of ".+" was damaged \\(${name} .*\\), so it is built again; .* \\[cache-damaged\\]$`,
        ),
      );

    expect(await freshRun()).toMatchObject({ status: 0, stderr: '' });
  },
);
