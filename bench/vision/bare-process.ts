/** The other side of the measurement: a bare session of one product, and profiles of a graph. */
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { ok } from '#engine/contract/outcome.ts';
import { bindDim, type DimBindings } from '#engine/onnx/value.ts';
import type { StageModel } from '#engine/onnx/model.ts';
import { groupOperators } from '#engine/profile/group-operators.ts';
import { productModel } from '#host/calibration/measured-graphs.ts';
import { cacheFolder } from '#host/cache/cache-folder.ts';
import { StageCache } from '#host/cache/stage-cache.ts';
import { ModelLoader } from '#host/sessions/load-model.ts';
import { Profiler } from '#host/sessions/profiler.ts';
import { threadCount } from '#host/system/machine.ts';
import type { BareAnswer, BareRequest } from './bare-client.ts';
import { onnxStageOf, planOf } from '../engine/run-graph.ts';

/** Answers requests until the other side is gone. */
export function answerBareRequests(): void {
  process.on('message', (request: BareRequest) => {
    const work = request.kind === 'product' ? timeProduct(request) : profileNode(request);
    void work.then(
      (value) => process.send?.({ value } satisfies BareAnswer),
      (cause: unknown) => process.send?.({ failure: String(cause) } satisfies BareAnswer),
    );
  });
  process.on('disconnect', () => process.exit());
}

interface Loading {
  readonly cache: StageCache;
  readonly loader: ModelLoader;
}

let loading: Promise<Loading> | null = null;

/** One of each for all requests, so that a product stays loaded from round to round. */
function openLoading(): Promise<Loading> {
  loading ??= StageCache.open(cacheFolder()).then((cache) => {
    if (!cache.ok) throw new Error(JSON.stringify(cache.problems));
    return { cache: cache.value, loader: new ModelLoader(cache.value) };
  });
  return loading;
}

const requestOf = (model: StageModel, title: string) => ({
  model,
  title,
  threads: threadCount,
  baseFolder: '.',
  progress: { tell: () => Promise.resolve(ok(null)), warn: () => undefined },
});

/** No fewer products than these, however long one takes. */
const fewestProducts = 3;

async function timeProduct({ shape, leastMs }: Extract<BareRequest, { kind: 'product' }>) {
  const { loader } = await openLoading();
  const model = productModel(shape);
  const loaded = await loader.load(requestOf(model, 'Matrix product'));
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const { session } = loaded.value;
  const feeds = numbersFor(model, {});
  await session.run(feeds);
  const latenciesMs: number[] = [];
  const start = performance.now();
  while (latenciesMs.length < fewestProducts || performance.now() - start < leastMs) {
    const before = performance.now();
    await session.run(feeds);
    latenciesMs.push(performance.now() - before);
  }
  return latenciesMs;
}

const profiledRuns = 3;

async function profileNode({ document, node }: Extract<BareRequest, { kind: 'profile' }>) {
  const { body } = onnxStageOf(planOf(document, node), node);
  const path = await readyGraph(body.model);
  const profiler = await Profiler.start();
  try {
    const session = await profiler.open(path, { threads: threadCount });
    const feeds = numbersFor(body.model, body.dims());
    for (let pass = 0; pass < profiledRuns; pass++) {
      profiler.current = { row: node, pass };
      await session.run(feeds);
    }
    await session.release();
    const operators = (await profiler.operators()).get(node) ?? [];
    return groupOperators(operators, 'kind', 1).map(({ title: op, share }) => ({ op, share }));
  } finally {
    await profiler.close();
  }
}

/** The file that the engine's session of this model is opened from. */
async function readyGraph(model: StageModel): Promise<string> {
  const { cache, loader } = await openLoading();
  const request = requestOf(model, 'Profiled graph');
  const key = await loader.identify(request);
  if (!key.ok) throw new Error(JSON.stringify(key.problems));
  const entry = await cache.find(key.value);
  if (entry.state !== 'complete')
    throw new Error('The graph that was just run is not in the cache.');
  return join(entry.folder, 'ready.onnx');
}

/** Tensors for every input, of numbers as different as a picture's. */
function numbersFor(model: StageModel, dims: DimBindings): Record<string, ort.Tensor> {
  return Object.fromEntries(
    model.inputs.map(({ name, type, shape }) => {
      if (type !== 'float32') throw new Error(`The input "${name}" is no picture.`);
      const sizes = shape.map((dim) => bindDim(dim, dims));
      const length = sizes.reduce((product, size) => product * size, 1);
      const data = Float32Array.from({ length }, (_, index) => Math.sin(index));
      return [name, new ort.Tensor('float32', data, sizes)];
    }),
  );
}
