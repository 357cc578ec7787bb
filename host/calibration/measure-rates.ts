/** Measures what the machine reaches: products by precision, memory, and the cost of a small operator. */
import os from 'node:os';
import { join } from 'node:path';
import type { MachineRates } from '#engine/contract/calibration.ts';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { matrixFormat, weightParams } from '#engine/node/weight-params.ts';
import type { StageModel } from '#engine/onnx/model.ts';
import { elementCount } from '#engine/onnx/value.ts';
import { median } from '#engine/profile/statistics.ts';
import { StageCache } from '../cache/stage-cache.ts';
import { ModelLoader, refusable } from '../sessions/load-model.ts';
import { float32, type Session } from '../sessions/sessions.ts';
import { threadCount } from '../system/machine.ts';
import { chainModel, productFlops, productModel, type ProductShape } from './measured-graphs.ts';
import { MemoryReader } from './memory-reader.ts';

/** Hears how much is done, 0 to 1, and what is measured now. */
export type TellProgress = (share: number, what: string) => void;

/** As long as a piece of a prompt or the patches of a picture; matrices as language models and encoders have them. */
const products: readonly ProductShape[] = [
  { places: 256, inputs: 1024, outputs: 1024 },
  { places: 256, inputs: 2048, outputs: 2048 },
  { places: 512, inputs: 1024, outputs: 4096 },
];

type Precision = keyof MachineRates['matrixFlopsPerSecond'];

/** A chain of the one length and of the other: what they share, such as the call of the session, cancels out. */
const chains = { short: 16, long: 256 } as const;

/** Shares of all time; the rest is for products. */
const shareOf = { memory: 0.15, launches: 0.15 } as const;

/** However little time there is; a chain takes a millisecond, and any disturbance is long beside it. */
const fewest = { products: 3, chains: 21, readings: 3 } as const;

const disturbed = error(
  'machine-busy',
  'Many small operators took no longer than few, so something else held the processors up meanwhile; measure this machine again.',
);

/** Takes about so many seconds, and what building takes; fails where ONNX Runtime refuses a graph. */
export async function measureRates(
  seconds: number,
  tell: TellProgress,
): Promise<Outcome<MachineRates>> {
  // In the process's own folder for temporary files, so that nothing of it stays.
  const cache = await StageCache.open(join(os.tmpdir(), 'patchbay-calibration'));
  if (!cache.ok) return cache;
  const loader = new ModelLoader(cache.value);
  const productsShare = 1 - shareOf.memory - shareOf.launches;
  const ms = seconds * 1000;
  const best: Record<Precision, number> = { float32: 0, int8: 0, int4: 0, w8a8: 0 };
  const precisions = Object.keys(best) as readonly Precision[];
  const jobs = precisions.flatMap((precision) => products.map((shape) => ({ precision, shape })));
  for (const [index, { precision, shape }] of jobs.entries()) {
    tell((productsShare * index) / jobs.length, `${precision} products`);
    // As nodes have them where nothing else is chosen.
    const blockSize = weightParams.blockSize.default;
    const model = productModel(shape, matrixFormat({ precision, blockSize }));
    const latency = await medianMs(loader, [model], {
      forMs: (ms * productsShare) / jobs.length,
      fewest: fewest.products,
    });
    if (!latency.ok) return latency;
    const flopsPerSecond = productFlops(shape) / ((latency.value[0] as number) / 1000);
    best[precision] = Math.max(best[precision], flopsPerSecond);
  }
  tell(productsShare, 'small operators');
  const chained = [chainModel(chains.short), chainModel(chains.long)];
  const latencies = await medianMs(loader, chained, {
    forMs: ms * shareOf.launches,
    fewest: fewest.chains,
  });
  if (!latencies.ok) return latencies;
  const [short = 0, long = 0] = latencies.value;
  const launchMicroseconds = (1000 * (long - short)) / (chains.long - chains.short);
  if (launchMicroseconds <= 0) return fail(disturbed);
  tell(productsShare + shareOf.launches, 'memory');
  const memoryBytesPerSecond = await medianReading(ms * shareOf.memory);
  return ok({ matrixFlopsPerSecond: best, memoryBytesPerSecond, launchMicroseconds });
}

/** Medians of single runs of each graph, in turn, so that a machine that slows down slows all; warmed up before. */
async function medianMs(
  loader: ModelLoader,
  models: readonly StageModel[],
  { forMs, fewest: rounds }: { readonly forMs: number; readonly fewest: number },
): Promise<Outcome<readonly number[]>> {
  const opened: { readonly session: Session; readonly model: StageModel }[] = [];
  for (const model of models) {
    const loaded = await loader.load({
      model,
      title: 'What is measured',
      threads: threadCount,
      baseFolder: '.',
      progress: { tell: () => Promise.resolve(ok(null)), warn: () => undefined },
    });
    if (!loaded.ok) return loaded;
    opened.push({ session: loaded.value.session, model });
  }
  const measured = await refusable('What is measured', async () => {
    const runs = opened.map(({ session, model }) => {
      const feeds = feedsFor(model);
      return { run: () => session.run(feeds), latenciesMs: [] as number[] };
    });
    for (const { run } of runs) await run();
    const startMs = performance.now();
    for (let round = 0; round < rounds || performance.now() - startMs < forMs; round++) {
      for (const { run, latenciesMs } of runs) {
        const beforeMs = performance.now();
        await run();
        latenciesMs.push(performance.now() - beforeMs);
      }
    }
    return runs.map(({ latenciesMs }) => median(latenciesMs));
  });
  await loader.keepOnly(new Set());
  return measured;
}

/** Numbers as different as those of a picture. */
function feedsFor({ inputs }: StageModel) {
  return Object.fromEntries(
    inputs.map(({ name, shape }) => {
      const data = Float32Array.from({ length: elementCount(shape) }, (_, index) =>
        Math.sin(index),
      );
      return [name, float32(data, shape as readonly number[])];
    }),
  );
}

async function medianReading(forMs: number): Promise<number> {
  const reader = await MemoryReader.open();
  try {
    const readings: number[] = [];
    const startMs = performance.now();
    while (readings.length < fewest.readings || performance.now() - startMs < forMs)
      readings.push(await reader.bytesPerSecond());
    return median(readings);
  } finally {
    await reader.close();
  }
}
