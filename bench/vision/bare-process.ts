/** The other side of the measurement: a bare session of one product, and profiles of a graph. */
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { ok } from '#engine/contract/outcome.ts';
import { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { matmul } from '#engine/onnx/operators.ts';
import { slice } from '#engine/onnx/shape-operators.ts';
import { bindDim, type DimBindings } from '#engine/onnx/value.ts';
import type { StageModel } from '#engine/onnx/model.ts';
import { groupOperators } from '#engine/profile/group-operators.ts';
import { productModel } from '#host/calibration/measured-graphs.ts';
import { cacheFolder } from '#host/cache/cache-folder.ts';
import { StageCache } from '#host/cache/stage-cache.ts';
import { ModelLoader } from '#host/sessions/load-model.ts';
import { Profiler } from '#host/sessions/profiler.ts';
import { threadCount } from '#host/system/machine.ts';
import type { BareAnswer, BareProduct, BareRequest } from './bare-client.ts';
import { onnxStageOf, planOf } from '../engine/run-graph.ts';

/** Answers requests until the other side is gone. */
export function answerBareRequests(): void {
  process.on('message', (request: BareRequest) => {
    void answer(request).then(
      (value) => process.send?.({ value } satisfies BareAnswer),
      (cause: unknown) => process.send?.({ failure: String(cause) } satisfies BareAnswer),
    );
  });
  process.on('disconnect', () => process.exit());
}

function answer(request: BareRequest): Promise<unknown> {
  switch (request.kind) {
    case 'product':
      return timeProduct(request);
    case 'file':
      return timeFile(request);
    case 'profile':
      return profileNode(request);
  }
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

/** No fewer than these, however long one takes. */
const fewestRuns = 3;

async function timeProduct({ shape, leastMs }: Extract<BareRequest, { kind: 'product' }>) {
  const { loader } = await openLoading();
  const { pairs } = shape;
  const model = pairs === undefined ? productModel(shape) : pairedProductModel(shape, pairs);
  const loaded = await loader.load(requestOf(model, 'Matrix product'));
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const feeds = numbersFor(model, {});
  return timeRuns(() => loaded.value.session.run(feeds), leastMs);
}

/** [pairs, places, inputs] × [pairs, inputs, outputs], both given; one number of the result is given out. */
function pairedProductModel({ places, inputs, outputs }: BareProduct, pairs: number): StageModel {
  const g = new GraphBuilder();
  const left = g.input('left', 'float32', [pairs, places, inputs]);
  const right = g.input('right', 'float32', [pairs, inputs, outputs]);
  const product = matmul(g, left, right); // [pairs, places, outputs]
  const row = slice(g, product, 1, g.list(0), g.list(1), 1);
  g.output('number', slice(g, row, 2, g.list(0), g.list(1), 1));
  return g.finish();
}

/** Files that were opened stay so from round to round. */
const openedFiles = new Map<string, ort.InferenceSession>();

/** Of a model that takes pictures: every size that is not fixed is 1. */
async function timeFile({ path, leastMs }: Extract<BareRequest, { kind: 'file' }>) {
  const session =
    openedFiles.get(path) ??
    (await ort.InferenceSession.create(path, { intraOpNumThreads: threadCount }));
  openedFiles.set(path, session);
  const feeds = Object.fromEntries(
    session.inputMetadata.map((input) => {
      if (!input.isTensor) throw new Error(`The input "${input.name}" is no tensor.`);
      const sizes = input.shape.map((size) => (typeof size === 'number' ? size : 1));
      return [input.name, new ort.Tensor('float32', numbers(sizes), sizes)];
    }),
  );
  return timeRuns(() => session.run(feeds), leastMs);
}

/** One after the other for so long, after one that does not count. */
async function timeRuns(run: () => Promise<unknown>, leastMs: number): Promise<readonly number[]> {
  await run();
  const latenciesMs: number[] = [];
  const start = performance.now();
  while (latenciesMs.length < fewestRuns || performance.now() - start < leastMs) {
    const before = performance.now();
    await run();
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
  const keys = await loader.identify(request);
  if (!keys.ok) throw new Error(JSON.stringify(keys.problems));
  const entry = await cache.find(keys.value.storedKey);
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
      return [name, new ort.Tensor('float32', numbers(sizes), sizes)];
    }),
  );
}

function numbers(sizes: readonly number[]): Float32Array {
  const length = sizes.reduce((product, size) => product * size, 1);
  return Float32Array.from({ length }, (_, index) => Math.sin(index));
}
