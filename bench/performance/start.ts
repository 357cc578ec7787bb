/** How soon a model is ready: from the cache in a new process, built for the first time, and stored once for several graphs. */
import type { GraphDocument } from '#engine/contract/document.ts';
import type { RunEvent } from '#engine/contract/run-event.ts';
import type { RunRequest } from '#engine/contract/run-request.ts';
import { median } from '#engine/profile/statistics.ts';
import type { LocalHost } from '#host/local-host.ts';
import { readPreset } from '#host/presets.ts';
import { presetsFolder } from '#host/system/package-root.ts';
import { benchDocument, benchRows } from '../language/rows.ts';
import { encoderGraph } from '../vision/encoders.ts';
import { NotMeasured, runGraph, withEngine } from '../engine/run-graph.ts';
import { inEmptyCache } from './temporary-folder.ts';

export interface MeasuredStart {
  readonly title: string;
  readonly weightsBytes: number;
  /** From the request to a new process until all is loaded from the cache. */
  readonly readyMs: number;
  /** The part of it that is loading alone. */
  readonly loadMs: number;
  /** From the first word of building to the last model that is about to be loaded. */
  readonly buildMs: number;
  /** The part of it in which weights are written, before ONNX Runtime packs them. */
  readonly writeMs: number;
}

/** Models that the targets are about, each in one pass with as little to do as can be. */
const started = {
  language: {
    title: 'TinyLlama 1.1B, int4',
    request: { document: languageDocument(), runs: 1, maxNewTokens: 2 },
  },
  encoder: {
    title: 'CLIP ViT-L/14-336, float32 (304 M)',
    request: { document: encoderGraph('encoder/clip-vit'), runs: 1 },
  },
} as const satisfies Record<string, { title: string; request: RunRequest }>;
export type StartedModel = keyof typeof started;

function languageDocument(): GraphDocument {
  const row = benchRows['tinyllama'];
  if (!row) throw new Error('There is no TinyLlama.');
  return benchDocument(row, 8);
}

export async function measureStart(name: StartedModel, rounds: number): Promise<MeasuredStart> {
  const { title, request } = started[name];
  return inEmptyCache(async () => {
    const built = await withEngine((host) => timedLoad(host, request));
    const loads: { readonly readyMs: number; readonly loadMs: number }[] = [];
    for (let round = 0; round < rounds; round++)
      loads.push(await withEngine((host) => timedLoad(host, request)));
    return {
      title,
      weightsBytes: built.weightsBytes,
      buildMs: built.buildMs,
      writeMs: built.writeMs,
      readyMs: median(loads.map(({ readyMs }) => readyMs)),
      loadMs: median(loads.map(({ loadMs }) => loadMs)),
    };
  });
}

/** Loading is told before it begins; how long it took is told after the pass that warms up. */
async function timedLoad(host: LocalHost, request: RunRequest) {
  const begunAt = performance.now();
  let buildingAt = NaN;
  let loadingAt = NaN;
  let writingAt = NaN;
  let writeMs = 0;
  const weights = new Map<string, number>();
  let loadMs = 0;
  await runGraph(host, request, (event: RunEvent) => {
    const now = performance.now();
    if (event.type === 'stage-progress') {
      const { phase } = event;
      if (phase === 'building' && Number.isNaN(buildingAt)) buildingAt = now;
      if (phase === 'building' && Number.isNaN(writingAt)) writingAt = now;
      if (phase === 'preparing') {
        writeMs += now - writingAt;
        writingAt = NaN;
      }
      // The last of a language model's is its decoder, by far the largest.
      if (phase === 'loading') loadingAt = now;
    }
    if (event.type !== 'stage-loaded') return;
    loadMs = Math.max(loadMs, event.loadMs);
    // Rows that run the same model each tell it.
    for (const { key, weightsBytes } of event.models) weights.set(key, weightsBytes);
  });
  const weightsBytes = [...weights.values()].reduce((sum, bytes) => sum + bytes, 0);
  return {
    weightsBytes,
    loadMs,
    readyMs: loadingAt - begunAt + loadMs,
    buildMs: loadingAt - buildingAt,
    writeMs,
  };
}

/** Two presets with one and the same encoder, and one that takes tokens of other layers of it. */
const sharing = ['llava-1.5-7b', 'llava-phi', 'llava-1.5-7b-tokenpacker'] as const;

export interface MeasuredSharing {
  readonly firstBytes: number;
  readonly allBytes: number;
}

/** The cache after the first graph, and after all of them. */
export function measureSharing(): Promise<MeasuredSharing> {
  return inEmptyCache(() =>
    withEngine(async (host) => {
      const sizes: number[] = [];
      for (const id of sharing) {
        const preset = await readPreset(id);
        if (!preset.ok) throw new NotMeasured(preset.problems[0]?.message);
        const document = preset.value;
        await runGraph(host, { document, baseFolder: presetsFolder, until: 'encoder', runs: 1 });
        const status = await host.cacheStatus();
        if (!status.ok) throw new NotMeasured(status.problems[0]?.message);
        sizes.push(status.value.totalBytes);
      }
      return { firstBytes: sizes[0] ?? NaN, allBytes: sizes.at(-1) ?? NaN };
    }),
  );
}
