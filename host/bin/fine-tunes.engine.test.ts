/** Two checkpoints that look alike from outside are two models all the same. */
import { cp, mkdtemp, open, rm, stat, utimes } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { GraphDocument } from '#engine/contract/document.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { readPreset } from '../presets.ts';
import { presetsFolder } from '../system/package-root.ts';
import { readSafetensorsHeader } from '../weights/safetensors.ts';
import { withParams, writeGraph } from './graphs.testing.ts';
import { buildPrograms, patchbay } from './patchbay-command.testing.ts';

const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-fine-tunes-'));
const published = join(presetsFolder, 'checkpoints', 'shapes-llava');

beforeAll(buildPrograms);
afterAll(() => rm(folder, { recursive: true }));

/** A copy with the times of the original, as `cp -p` makes it. */
async function copyOf(name: string): Promise<string> {
  const copy = join(folder, name);
  await cp(published, copy, { recursive: true, preserveTimestamps: true });
  return copy;
}

/** Trains a little further, so to speak: the rows of the table of words trade places, nothing else changes. */
async function fineTune(checkpoint: string): Promise<void> {
  const path = join(checkpoint, 'model.safetensors');
  const { atime, mtime } = await stat(path);
  const { tensors } = valueOf(await readSafetensorsHeader(path));
  const table = [...tensors.values()].find(({ name }) => name.endsWith('embed_tokens.weight'));
  if (!table) throw new Error('The checkpoint has no table of words.');
  const file = await open(path, 'r+');
  const numbers = Buffer.alloc(table.length);
  await file.read(numbers, 0, table.length, table.offset);
  const rowBytes = table.length / (table.shape[0] as number);
  const moved = Buffer.concat([numbers.subarray(rowBytes), numbers.subarray(0, rowBytes)]);
  await file.write(moved, 0, moved.length, table.offset);
  await file.close();
  await utimes(path, atime, mtime);
}

async function graphOf(checkpoint: string): Promise<string> {
  const preset: GraphDocument = valueOf(await readPreset('shapes-llava'));
  const weights = { kind: 'checkpoint', folder: checkpoint };
  const nodes = ['encoder', 'projector', 'language'];
  const graph = nodes.reduce((made, node) => withParams(made, node, { weights }), preset);
  return writeGraph(folder, checkpoint.replaceAll(/\W/g, '-'), graph);
}

test('a fine-tune of the same name, size, header and time is not answered from the stages of another', async () => {
  const [original, tuned] = [await copyOf('original'), await copyOf('tuned')];
  await fineTune(tuned);
  const answerOf = async (checkpoint: string, cache: string) => {
    const args = ['run', await graphOf(checkpoint), '--json', '--runs', '1'];
    const ran = await patchbay(args, { cache: join(folder, cache) });
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    return (JSON.parse(ran.stdout) as { answer: { text: string } }).answer.text;
  };
  const answers = [await answerOf(original, 'shared'), await answerOf(tuned, 'shared')];
  expect(answers).toEqual([await answerOf(original, 'first'), await answerOf(tuned, 'second')]);
  expect(new Set(answers).size).toBe(2);
});
