/** From a graph to a loaded session: found in memory, found in the cache, or built. */
import { createHash } from 'node:crypto';
import { open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error, warning } from '#engine/contract/problem.ts';
import { weightBytes } from '#engine/estimate/model-cost.ts';
import { encodeModel } from '#engine/onnx/encode-model.ts';
import type { StageModel } from '#engine/onnx/model.ts';
import { layoutWeights } from '#engine/onnx/weight-layout.ts';
import { throwIfFull } from '../cache/disk-room.ts';
import type { Flaw } from '../cache/manifest.ts';
import type { StageCache } from '../cache/stage-cache.ts';
import { FileDigests } from '../weights/file-digests.ts';
import { resolveWeights, type ModelWeights } from '../weights/model-weights.ts';
import { writeWeights } from '../weights/write-weights.ts';
import { residentBytes } from './memory.ts';
import type { Progress } from './progress.ts';
import { openSession, prepareModel, processorFingerprint, type Session } from './sessions.ts';

export interface IdentifyRequest {
  readonly model: StageModel;
  readonly threads: number;
  /** Relative checkpoint folders are taken from here. */
  readonly baseFolder: string;
  readonly progress: Progress;
}

export interface LoadRequest extends IdentifyRequest {
  readonly title: string;
}

/** Under which a graph is loaded, and under which it is stored, whatever the number of threads. */
export interface ModelKeys {
  readonly key: string;
  readonly storedKey: string;
}

export interface LoadedModel extends ModelKeys {
  readonly session: Session;
  readonly found: 'built' | 'cached' | 'loaded';
  readonly weightsBytes: number;
  readonly loadMs: number;
  /** Resident memory before it was first loaded; what is above it afterwards is the model's own. */
  readonly residentBefore: number;
}

/** Raise when the builder writes the same recipe differently. */
const builderVersion = 6;
/** Packed copies of the weights are written beside the plain ones, which go only afterwards. */
const diskFactor = 3.2;
const files = { model: 'model.onnx', weights: 'weights.bin', ready: 'ready.onnx' } as const;

const loadedKey = (storedKey: string, threads: number): string => `${storedKey}/${threads}`;

export class ModelLoader {
  readonly #cache: StageCache;
  readonly #loaded = new Map<string, LoadedModel>();
  readonly #processor = processorFingerprint();
  readonly #digests: FileDigests;
  /** Of the graphs that were identified: each run makes its own, and loads what it has just identified. */
  readonly #identified = new WeakMap<
    StageModel,
    { readonly key: string; readonly threads: number }
  >();

  readonly #openSession: typeof openSession;

  constructor(cache: StageCache, opening = openSession) {
    this.#cache = cache;
    this.#digests = new FileDigests(join(cache.root, 'digests'));
    this.#openSession = opening;
  }

  /** Loads the same graphs from the same cache, into sessions of its own. */
  openingBy(opening: typeof openSession): ModelLoader {
    return new ModelLoader(this.#cache, opening);
  }

  /**
   * The keys of a graph. Costs a look at the headers of its weight files, and where
   * they are new a reading of them; fails where they are missing or do not fit.
   */
  async identify(request: IdentifyRequest): Promise<Outcome<ModelKeys>> {
    const weights = await this.#resolve(request);
    if (!weights.ok) return weights;
    weights.value.close();
    const { model, threads } = request;
    const storedKey = this.#storedKey(request, weights.value);
    const key = loadedKey(storedKey, threads);
    this.#identified.set(model, { key, threads });
    return ok({ key, storedKey });
  }

  async load(request: LoadRequest): Promise<Outcome<LoadedModel>> {
    const identified = this.#identified.get(request.model);
    const standing =
      identified?.threads === request.threads ? this.#loaded.get(identified.key) : undefined;
    if (standing) return ok({ ...standing, found: 'loaded', loadMs: 0 });
    const weights = await this.#resolve(request);
    if (!weights.ok) return weights;
    try {
      const stored = this.#storedKey(request, weights.value);
      const known = this.#loaded.get(loadedKey(stored, request.threads));
      if (known) return ok({ ...known, found: 'loaded', loadMs: 0 });
      const cached = await this.#openCached(stored, request);
      if (cached) return cached;
      return await this.#buildAndOpen(stored, request, weights.value);
    } finally {
      weights.value.close();
    }
  }

  /** Releases every session but those named, and lets the cache have all other entries. */
  async keepOnly(keys: ReadonlySet<string>): Promise<void> {
    this.#cache.unpin();
    for (const [key, loaded] of this.#loaded) {
      if (keys.has(key)) {
        // Found again, it is pinned again and counts as used just now.
        await this.#cache.find(loaded.storedKey);
        continue;
      }
      await this.#release(loaded);
    }
  }

  #resolve({ model, baseFolder, progress }: IdentifyRequest): Promise<Outcome<ModelWeights>> {
    const tell = (read: number, total: number) => progress.tell('reading', read, total);
    return resolveWeights(model, { baseFolder, digests: this.#digests, tell });
  }

  /** What is stored is the same for any number of threads. */
  #storedKey({ model }: IdentifyRequest, { fingerprint }: ModelWeights): string {
    const { inputs, outputs, nodes, constants, weights } = model;
    const content = { builderVersion, processor: this.#processor, fingerprint };
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
        const unchanged = await weights.unchanged();
        if (!unchanged.ok) return unchanged;
      } finally {
        await file.close();
      }
      await writeFile(path('model'), encodeModel(model, layout, files.weights));
      const preparing = await progress.tell('preparing');
      if (!preparing.ok) return preparing;
      const prepared = await refusable(title, () => prepareModel(path('model'), path('ready')));
      if (!prepared.ok) {
        await throwIfFull(folder);
        return prepared;
      }
      await rm(path('model'));
      await rm(path('weights'));
      return ok(null);
    });
  }

  /**
   * Null where there is no entry, or none that can be relied on; that it is built again then is said. The graph
   * is checked before ONNX Runtime reads it, the weights meanwhile, as it only maps them.
   */
  async #openCached(key: string, request: LoadRequest): Promise<Outcome<LoadedModel> | null> {
    const entry = await this.#cache.find(key);
    if (entry.state === 'absent') return null;
    if (entry.state === 'damaged') return this.#discard(key, request, entry);
    const { folder, check } = entry;
    const start = performance.now();
    const graphFlaw = await check?.((name) => name === files.ready).finish();
    if (graphFlaw) return this.#discard(key, request, graphFlaw);
    const weightCheck = check?.((name) => name !== files.ready);
    const opened = await this.#open(key, folder, request, 'cached');
    const flaw = await weightCheck?.finish();
    if (flaw) {
      if (opened.ok) await this.#release(opened.value);
      return this.#discard(key, request, flaw);
    }
    if (wasRefused(opened)) {
      const isThere = await this.#cache.holds(key);
      return this.#discard(key, request, isThere ? { what: 'ONNX Runtime refuses it' } : 'gone');
    }
    this.#cache.trust(key);
    return opened.ok ? ok({ ...opened.value, loadMs: performance.now() - start }) : opened;
  }

  /** Another process may take away what was built before it is opened; not time and again. */
  async #buildAndOpen(
    key: string,
    request: LoadRequest,
    weights: ModelWeights,
    attempts = 3,
  ): Promise<Outcome<LoadedModel>> {
    const folder = await this.#build(key, request, weights);
    if (!folder.ok) return folder;
    const opened = await this.#open(key, folder.value, request, 'built');
    if (!wasRefused(opened)) return opened;
    if (attempts > 1 && !(await this.#cache.holds(key)))
      return this.#buildAndOpen(key, request, weights, attempts - 1);
    await this.#cache.remove(key);
    return opened;
  }

  async #discard(key: string, { title, progress }: LoadRequest, flaw: Flaw): Promise<null> {
    await this.#cache.remove(key);
    if (flaw === 'gone') return null;
    const message = `The stored copy of "${title}" was damaged (${flaw.what}), so it is built again; where this happens often, the disk or the memory of this machine fails.`;
    progress.warn(warning('cache-damaged', message));
    return null;
  }

  async #release({ key, session }: LoadedModel): Promise<void> {
    this.#loaded.delete(key);
    await session.release();
  }

  async #open(
    storedKey: string,
    folder: string,
    { model, title, threads, progress }: LoadRequest,
    found: LoadedModel['found'],
  ): Promise<Outcome<LoadedModel>> {
    const loading = await progress.tell('loading');
    if (!loading.ok) return loading;
    const residentBefore = residentBytes();
    const start = performance.now();
    const session = await refusable(title, () =>
      this.#openSession(join(folder, files.ready), { threads }),
    );
    if (!session.ok) return session;
    const loaded: LoadedModel = {
      key: loadedKey(storedKey, threads),
      storedKey,
      session: session.value,
      found,
      weightsBytes: weightBytes(model),
      loadMs: performance.now() - start,
      residentBefore,
    };
    this.#loaded.set(loaded.key, loaded);
    return ok(loaded);
  }
}

const wasRefused = (opened: Outcome<unknown>): boolean =>
  !opened.ok && opened.problems.some(({ code }) => code === 'stage-failed');

/** How ONNX Runtime and JavaScript say that there was no memory to be had. */
const memoryWords = /failed to allocate|allocation failed|bad_alloc|out of memory/i;

/** ONNX Runtime says no by throwing; its sentence is passed on. */
export async function refusable<Value>(
  title: string,
  work: () => Promise<Value>,
): Promise<Outcome<Value>> {
  try {
    return ok(await work());
  } catch (cause) {
    const reason = (cause instanceof Error ? cause.message : String(cause))
      .replaceAll(/\s*\n\s*/g, ' ')
      .replace(/[.\s]+$/, '');
    if (memoryWords.test(reason)) {
      const message = `"${title}" asked for more memory than the system gave (${reason}); choose a smaller model or a lower precision, or close other programs.`;
      return fail(error('memory-short', message));
    }
    const message = `ONNX Runtime refused "${title}": ${reason}. Run it again; if it fails again, report this line.`;
    return fail(error('stage-failed', message));
  }
}
