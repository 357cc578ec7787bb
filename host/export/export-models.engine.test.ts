/** Exported models run without Patchbay, and an export that fails leaves nothing behind. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { GraphDocument } from '#engine/contract/document.ts';
import {
  exportManifestSchema,
  type ExportedModel,
  type ExportManifest,
} from '#engine/contract/model-export.ts';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { RunEvent } from '#engine/contract/run-event.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import type { StageModel } from '#engine/onnx/model.ts';
import { planGraph } from '#engine/plan/plan.ts';
import { seededRandom } from '#engine/seeded-random.ts';
import { catalogue } from '#nodes/index.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { draftedGraph, llavaGraph } from '../bin/graphs.testing.ts';
import { SmallDisk } from '../cache/small-disk.testing.ts';
import { StageCache } from '../cache/stage-cache.ts';
import { readPreset } from '../presets.ts';
import { ModelLoader } from '../sessions/load-model.ts';
import { CancelSwitch } from '../sessions/progress.ts';
import { presetsFolder } from '../system/package-root.ts';
import { FileDigests } from '../weights/file-digests.ts';
import { exportModels } from './export-models.ts';

const root = await mkdtemp(join(os.tmpdir(), 'patchbay-export-'));
const megabyte = 2 ** 20;
const disk = SmallDisk.mount(8 * megabyte);

afterEach(() => disk?.relieve());
afterAll(async () => {
  disk?.unmount();
  await rm(root, { recursive: true });
});

/** `happens` is told of every event before the work goes on. */
function exported(
  document: GraphDocument,
  folder: string,
  happens: (event: RunEvent, cancel: CancelSwitch) => void = () => undefined,
): Promise<Outcome<null>> {
  const cancel = new CancelSwitch();
  return exportModels(
    { document, folder, baseFolder: presetsFolder },
    {
      digests: new FileDigests(join(root, 'digests')),
      emit: (event) => happens(event, cancel),
      cancel,
      userMask: 0o022,
    },
  );
}

async function manifestIn(folder: string): Promise<ExportManifest> {
  return exportManifestSchema.parse(
    JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')),
  );
}

type Tensors = Readonly<Record<string, ort.Tensor>>;

/** As anybody would open it: nothing of Patchbay. */
async function runExported(
  folder: string,
  { file }: ExportedModel,
  feeds: Tensors,
): Promise<Tensors> {
  const session = await ort.InferenceSession.create(join(folder, file), { logSeverityLevel: 3 });
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}

const loader = new ModelLoader(valueOf(await StageCache.open(join(root, 'cache'))));

/** As runs of Patchbay do. */
async function runInEngine(model: StageModel, feeds: Tensors): Promise<Tensors> {
  const loaded = valueOf(
    await loader.load({
      model,
      title: 'Stage',
      threads: 2,
      baseFolder: presetsFolder,
      progress: { tell: () => Promise.resolve(ok(null)), warn: () => undefined },
    }),
  );
  return loaded.session.run(feeds);
}

const random = seededRandom(5);
const noise = (shape: readonly number[]): ort.Tensor =>
  new ort.Tensor(
    'float32',
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random() - 0.5),
    shape,
  );

/** The largest distance of two tensors of one shape, element by element. */
function distance(one: ort.Tensor | undefined, other: ort.Tensor | undefined): number {
  expect(one?.dims).toEqual(other?.dims);
  const [a, b] = [one?.data, other?.data] as [Float32Array, Float32Array];
  return a.reduce((most, value, place) => Math.max(most, Math.abs(value - (b[place] ?? NaN))), 0);
}

describe('the models of the trained preset', () => {
  const folder = join(root, 'shapes');

  test('run in plain ONNX Runtime as the manifest joins them, and give what the engine gives', async () => {
    const document = valueOf(await readPreset('shapes-llava'));
    expect(await exported(document, folder)).toEqual(ok(null));
    const { stages } = await manifestIn(folder);
    const plan = valueOf(planGraph(checkGraph(document, catalogue)));
    expect(stages.map(({ id }) => id)).toEqual(plan.stages.map(({ id }) => id));

    const given = new Map<string, ort.Tensor>();
    const compared: string[] = [];
    for (const { id, inputs, body } of stages) {
      if (body.kind !== 'onnx') continue;
      const feeds: Record<string, ort.Tensor> = {};
      for (const { name, shape, port, wire } of body.model.inputs) {
        const from = inputs[port ?? '']?.[wire ?? 0];
        const wired = given.get(`${from?.stage}.${from?.port}`);
        feeds[name] = wired ?? noise(shape.map((size) => (typeof size === 'number' ? size : 1)));
      }
      const outputs = await runExported(folder, body.model, feeds);
      const stage = plan.stages.find((each) => each.id === id);
      if (stage?.body.kind !== 'onnx') throw new Error(`"${id}" is no graph.`);
      const expected = await runInEngine(stage.body.model, feeds);
      for (const { name, port } of body.model.outputs) {
        expect(distance(outputs[name], expected[name])).toBeLessThan(1e-4);
        given.set(`${id}.${port}`, outputs[name] as ort.Tensor);
      }
      compared.push(id);
    }
    expect(compared).toEqual(['encoder', 'projector']);
  });

  test('answer by the protocol of a language model', async () => {
    const { stages } = await manifestIn(folder);
    const language = stages.find(({ id }) => id === 'language')?.body;
    if (language?.kind !== 'language-model') throw new Error('There is no language model.');
    const document = valueOf(await readPreset('shapes-llava'));
    const plan = valueOf(planGraph(checkGraph(document, catalogue)));
    const own = plan.stages.find(({ id }) => id === 'language')?.body;
    if (own?.kind !== 'host' || own.step.kind !== 'generate') throw new Error('It has no graphs.');

    const ids = [3, 1, 4, 1, 5];
    const long = (numbers: readonly number[], shape: readonly number[]) =>
      new ort.Tensor('int64', BigInt64Array.from(numbers, BigInt), shape);
    const { embeddings } = await runExported(folder, language.embed, {
      ids: long(ids, [1, ids.length]),
    });
    const all: Tensors = {
      embeddings: embeddings as ort.Tensor,
      positions: long([0, 1, 2, 3, 4], [1, ids.length]),
      reach: long([ids.length - 1], []),
      logitRows: long([ids.length - 1], [1]),
      fused: new ort.Tensor('bool', Uint8Array.of(1), []),
      'cachedLength.0': long([0], []),
    };
    const state = language.state.map((tensor): [string, ort.Tensor] => {
      if (tensor.kind !== 'key-value') throw new Error('It has a recurrent state.');
      return [`past.${tensor.name}`, noise([1, tensor.heads, 0, tensor.size])];
    });
    const known: Tensors = { ...all, ...Object.fromEntries(state) };
    const feeds = Object.fromEntries(
      language.decoder.inputs.map(({ name }) => [name, known[name] as ort.Tensor]),
    );
    const outputs = await runExported(folder, language.decoder, feeds);
    const expected = await runInEngine(own.step.graphs.decoder.model, feeds);
    expect(outputs['logits']?.dims).toEqual([1, 1, language.vocabularySize]);
    for (const { name } of language.decoder.outputs)
      expect(distance(outputs[name], expected[name])).toBeLessThan(1e-4);
  });

  test('lie in files that are what the manifest says, which anybody may read', async () => {
    const { files, stages } = await manifestIn(folder);
    const names = files.map(({ name }) => name);
    expect((await readdir(folder)).toSorted()).toEqual([...names, 'manifest.json'].toSorted());
    for (const { name, bytes, sha256 } of files) {
      const content = await readFile(join(folder, name));
      expect(content.length).toBe(bytes);
      expect(createHash('sha256').update(content).digest('hex')).toBe(sha256);
    }
    const preprocess = stages.find(({ id }) => id === 'preprocess')?.body;
    expect(preprocess).toMatchObject({
      kind: 'step',
      step: 'preprocess',
      facts: { mean: [0.5, 0.5, 0.5], crop: { height: 96, width: 96 } },
    });
    expect(await readdir(root)).not.toContainEqual(expect.stringMatching(/\.tmp$/));
  });
});

test('a draft’s graphs are exported too, and ONNX Runtime takes each', async () => {
  const folder = join(root, 'drafted');
  expect(await exported(draftedGraph(), folder)).toEqual(ok(null));
  const { files } = await manifestIn(folder);
  const graphs = files.flatMap(({ name }) => (name.endsWith('.onnx') ? [name] : []));
  expect(graphs).toEqual([
    'language.embed.onnx',
    'language.decoder.onnx',
    'language.draft.embed.onnx',
    'language.draft.decoder.onnx',
  ]);
  for (const name of graphs)
    await (
      await ort.InferenceSession.create(join(folder, name), { logSeverityLevel: 3 })
    ).release();
});

describe('an export that does not come to its end leaves nothing behind', () => {
  async function place(): Promise<string> {
    return mkdtemp(join(root, 'place-'));
  }
  const problemOf = (outcome: Outcome<null>) => (outcome.ok ? null : outcome.problems[0]);

  test('cancelled in the middle', async () => {
    const folder = await place();
    const written: number[] = [];
    const outcome = await exported(llavaGraph(), join(folder, 'models'), (event, cancel) => {
      if (event.type !== 'stage-progress' || event.phase !== 'building') return;
      written.push(event.done ?? 0);
      if (event.stage === 'MLP projector') cancel.cancel();
    });
    expect(problemOf(outcome)?.code).toBe('run-cancelled');
    expect(written.length).toBeGreaterThan(1);
    expect(await readdir(folder)).toEqual([]);
  });

  test('into a folder that is not empty, one in a file’s place or without a parent', async () => {
    const folder = await place();
    await writeFile(join(folder, 'mine.txt'), 'mine');
    const occupied = await exported(llavaGraph(), folder);
    expect(problemOf(occupied)).toMatchObject({
      code: 'file-exists',
      message: `${folder} holds something already, which is not touched; name a folder that is empty or not there yet.`,
    });
    const file = join(folder, 'mine.txt');
    expect(problemOf(await exported(llavaGraph(), file))?.code).toBe('file-exists');
    const orphan = join(folder, 'no', 'models');
    expect(problemOf(await exported(llavaGraph(), orphan))).toMatchObject({
      code: 'file-unwritable',
      message: `${orphan} cannot be written: there is no such folder; choose another place.`,
    });
    expect(await readdir(folder)).toEqual(['mine.txt']);
  });

  test('of a graph that has no model', async () => {
    const folder = await place();
    const words = sketchDocument({ prompt: ['input/prompt'] });
    const outcome = await exported(words, join(folder, 'models'));
    expect(problemOf(outcome)?.code).toBe('output-missing');
    expect(await readdir(folder)).toEqual([]);
  });

  test.skipIf(disk === null)(
    'on a disk that is full, that fills up, or that is read-only',
    async () => {
      const folder = join(disk?.folder ?? '', 'place');
      await mkdir(folder);
      const models = join(folder, 'models');
      disk?.fill(4096);
      expect(problemOf(await exported(llavaGraph(), models))).toMatchObject({
        code: 'file-unwritable',
        message: expect.stringMatching(/^The models take .* free some, or choose another disk\.$/),
      });
      disk?.relieve();
      const filling = await exported(llavaGraph(), models, (event) => {
        if (event.type === 'stage-progress' && event.stage === 'MLP projector') disk?.fill();
      });
      expect(problemOf(filling)).toMatchObject({
        code: 'file-unwritable',
        message: `${models} cannot be written: the disk is full; choose another place.`,
      });
      disk?.relieve();
      expect(await readdir(folder)).toEqual([]);
      disk?.lock();
      const locked = await exported(llavaGraph(), models);
      disk?.unlock();
      expect(problemOf(locked)?.message).toBe(
        `${models} cannot be written: the disk is read-only; choose another place.`,
      );
      expect(await exported(llavaGraph(), models)).toEqual(ok(null));
      expect(await readdir(folder)).toEqual(['models']);
    },
  );
});
