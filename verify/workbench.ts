/** Runs single graphs with the weights of a recorded case, in a cache of their own that is thrown away. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { StageModel } from '#engine/onnx/model.ts';
import { StageCache } from '#host/cache/stage-cache.ts';
import { ModelLoader, refusable } from '#host/sessions/load-model.ts';
import type { Session, TensorMap } from '#host/sessions/sessions.ts';

export class Workbench {
  readonly #folder: string;
  readonly loader: ModelLoader;

  private constructor(folder: string, cache: StageCache) {
    this.#folder = folder;
    this.loader = new ModelLoader(cache);
  }

  static async open(): Promise<Outcome<Workbench>> {
    const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-verify-'));
    const cache = await StageCache.open(folder);
    return cache.ok ? ok(new Workbench(folder, cache.value)) : cache;
  }

  async session(model: StageModel): Promise<Outcome<Session>> {
    const progress = { tell: () => Promise.resolve(ok(null)), warn: () => undefined };
    const loaded = await this.loader.load({
      model,
      title: 'recorded case',
      threads: 1,
      baseFolder: this.#folder,
      progress,
    });
    return loaded.ok ? ok(loaded.value.session) : loaded;
  }

  async run(model: StageModel, feeds: TensorMap): Promise<Outcome<TensorMap>> {
    const session = await this.session(model);
    return session.ok ? refusable('recorded case', () => session.value.run(feeds)) : session;
  }

  /** Lets the graphs of one case go. */
  async clear(): Promise<void> {
    await this.loader.keepOnly(new Set());
  }

  async close(): Promise<void> {
    await this.clear();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
