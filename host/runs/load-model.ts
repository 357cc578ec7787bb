/** From a graph to a loaded session: found in memory, found in the cache, or built. */
import { createHash } from 'node:crypto';
import { open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { weightBytes } from '#engine/estimate/model-cost.ts';
import { encodeModel } from '#engine/onnx/encode-model.ts';
import type { StageModel } from '#engine/onnx/model.ts';
import { layoutWeights } from '#engine/onnx/weight-layout.ts';
import type { StageCache } from '../cache/stage-cache.ts';
import { resolveWeights, type ModelWeights } from '../weights/model-weights.ts';
import { writeWeights } from '../weights/write-weights.ts';
import { residentBytes } from './memory.ts';
import type { Progress } from './progress.ts';
import {
  canSavePacked,
  openSession,
  prepareModel,
  processorFingerprint,
  type Session,
} from './sessions.ts';

export interface LoadRequest {
  readonly model: StageModel;
  readonly title: string;
  readonly threads: number;
  /** Relative checkpoint folders are taken from here. */
  readonly baseFolder: string;
  readonly progress: Progress;
}

export interface LoadedModel {
  readonly key: string;
  readonly session: Session;
  readonly found: 'built' | 'cached' | 'loaded';
  readonly weightsBytes: number;
  readonly loadMs: number;
  /** Resident memory before it was first loaded; what is above it afterwards is the model's own. */
  readonly residentBefore: number;
}

/** Raise when the builder writes the same recipe differently. */
const builderVersion = 2;
/** Packed copies of the weights are written beside the plain ones, which go only afterwards. */
const diskFactor = 3.2;
const files = { model: 'model.onnx', weights: 'weights.bin', ready: 'ready.onnx' } as const;

export class ModelLoader {
  readonly #cache: StageCache;
  readonly #loaded = new Map<string, LoadedModel>();
  readonly #processor = processorFingerprint();

  constructor(cache: StageCache) {
    this.#cache = cache;
  }

  async load(request: LoadRequest): Promise<Outcome<LoadedModel>> {
    const weights = await resolveWeights(request.model, request.baseFolder);
    if (!weights.ok) return weights;
    try {
      const key = this.#key(request, weights.value);
      const known = this.#loaded.get(key);
      if (known) return ok({ ...known, found: 'loaded', loadMs: 0 });
      const found = await this.#cache.find(key);
      const folder = found === null ? await this.#build(key, request, weights.value) : ok(found);
      if (!folder.ok) return folder;
      return await this.#open(key, folder.value, request, found === null ? 'built' : 'cached');
    } finally {
      weights.value.close();
    }
  }

  /** Releases every session but those named. */
  async keepOnly(keys: ReadonlySet<string>): Promise<void> {
    for (const [key, { session }] of this.#loaded) {
      if (keys.has(key)) continue;
      this.#loaded.delete(key);
      await session.release();
    }
  }

  #key({ model, threads }: LoadRequest, { fingerprint }: ModelWeights): string {
    const { inputs, outputs, nodes, constants, weights } = model;
    const content = { builderVersion, threads, processor: this.#processor, fingerprint };
    return createHash('sha256')
      .update(JSON.stringify({ ...content, inputs, outputs, nodes, constants, weights }))
      .digest('hex')
      .slice(0, 32);
  }

  async #build(
    key: string,
    { model, title, progress }: LoadRequest,
    weights: ModelWeights,
  ): Promise<Outcome<string>> {
    const layout = layoutWeights(model);
    const needBytes = Math.ceil(layout.totalBytes * diskFactor);
    return this.#cache.build(key, { title, needBytes }, async (folder) => {
      const path = (name: keyof typeof files) => join(folder, files[name]);
      const file = await open(path('weights'), 'w');
      try {
        const tell = (written: number) => progress.tell('building', written, layout.totalBytes);
        const written = await writeWeights(model, layout, file, weights.sourceOf, tell);
        if (!written.ok) return written;
      } finally {
        await file.close();
      }
      await writeFile(path('model'), encodeModel(model, layout, files.weights));
      const preparing = await progress.tell('preparing');
      if (!preparing.ok) return preparing;
      const packed = canSavePacked([...layout.places.values()].map(({ length }) => length));
      const prepared = await refusable(title, () =>
        prepareModel(path('model'), path('ready'), { packed }),
      );
      if (!prepared.ok) return prepared;
      await rm(path('model'));
      await rm(path('weights'));
      return ok(null);
    });
  }

  async #open(
    key: string,
    folder: string,
    { model, title, threads, progress }: LoadRequest,
    found: LoadedModel['found'],
  ): Promise<Outcome<LoadedModel>> {
    const loading = await progress.tell('loading');
    if (!loading.ok) return loading;
    const residentBefore = residentBytes();
    const start = performance.now();
    const session = await refusable(title, () =>
      openSession(join(folder, files.ready), { threads }),
    );
    if (!session.ok) {
      await this.#cache.remove(key);
      return session;
    }
    const loaded: LoadedModel = {
      key,
      session: session.value,
      found,
      weightsBytes: weightBytes(model),
      loadMs: performance.now() - start,
      residentBefore,
    };
    this.#loaded.set(key, loaded);
    return ok(loaded);
  }
}

/** ONNX Runtime says no by throwing; its sentence is passed on. */
export async function refusable<Value>(
  title: string,
  work: () => Promise<Value>,
): Promise<Outcome<Value>> {
  try {
    return ok(await work());
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return fail(error('stage-failed', `ONNX Runtime refused "${title}": ${reason.trim()}`));
  }
}
