/** `patchbay export-onnx` as a user meets it. */
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { exportManifestSchema } from '#engine/contract/model-export.ts';
import { EngineHold, entered } from '../engine/engine-hold.testing.ts';
import { decoderGraph, llavaGraph, writeGraph } from './graphs.testing.ts';
import {
  buildPrograms,
  finished,
  patchbay,
  startPatchbay,
  type Surroundings,
} from './patchbay-command.testing.ts';

const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-export-onnx-'));
const cache = join(folder, 'cache');
const hold = new EngineHold(folder);
const exportOnnx = (args: readonly string[], surroundings: Partial<Surroundings> = {}) =>
  patchbay(['export-onnx', ...args], { cache, ...surroundings });

beforeAll(buildPrograms);
afterEach(() => hold.release());
afterAll(() => rm(folder, { recursive: true }));

/** An empty folder that a test works in. */
const place = (): Promise<string> => mkdtemp(join(folder, 'place-'));

test('a preset in small is exported with its manifest, and says where to', async () => {
  const out = join(await place(), 'models');
  const ran = await exportOnnx(['llava-1.5-7b', out, '--scale', 'tiny']);
  expect(ran).toEqual({ status: 0, signal: null, stdout: `Exported to ${out}\n`, stderr: '' });
  const text = await readFile(join(out, 'manifest.json'), 'utf8');
  const { files, stages } = exportManifestSchema.parse(JSON.parse(text));
  expect((await readdir(out)).toSorted()).toEqual(
    ['manifest.json', ...files.map(({ name }) => name)].toSorted(),
  );
  const kinds = stages.map(({ body }) => body.kind);
  expect(new Set(kinds)).toEqual(new Set(['onnx', 'language-model', 'step']));
});

test('an empty folder is filled, one that is not is refused, and so is a graph with errors', async () => {
  const own = await place();
  const graph = await writeGraph(own, 'graph', llavaGraph());
  const empty = join(own, 'empty');
  await mkdir(empty);
  expect(await exportOnnx([graph, 'empty'], { folder: own })).toMatchObject({ status: 0 });
  expect(await readdir(empty)).toContain('encoder.onnx');

  expect(await exportOnnx([graph, empty])).toMatchObject({
    status: 1,
    stdout: '',
    stderr: `error: ${empty} holds something already, which is not touched; name a folder that is empty or not there yet. [file-exists]\n`,
  });
  const broken = await writeGraph(own, 'broken', decoderGraph({ layerCount: 0 }));
  const refused = await exportOnnx([broken, join(own, 'never')]);
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain('Layers must be a whole number from 1 to 512, not 0.');
  expect((await readdir(own)).toSorted()).toEqual([
    'broken.patchbay.json',
    'empty',
    'graph.patchbay.json',
  ]);
});

test('an interrupt in the middle of the weights leaves nothing behind', async () => {
  const own = await place();
  const graph = await writeGraph(folder, 'held', llavaGraph());
  hold.at(entered('Language model · decoder', 'building'));
  const child = startPatchbay(['export-onnx', graph, join(own, 'models')], {
    cache,
    environment: hold.environment,
  });
  const ended = finished(child);
  await hold.isHeld();
  expect(await readdir(own)).toEqual([expect.stringMatching(/^models\.\d+-[0-9a-f]{8}\.tmp$/)]);
  process.kill(child.pid as number, 'SIGINT');
  expect(await ended).toMatchObject({ status: 130, stdout: '', stderr: '' });
  expect(await readdir(own)).toEqual([]);
});
