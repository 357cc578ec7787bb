/** The disk fills up in the middle of building a stage: the run says so, nothing half-written is ever used. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { linear } from '#engine/onnx/blocks/linear.ts';
import type { StageModel } from '#engine/onnx/model.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { SmallDisk } from '../cache/small-disk.testing.ts';
import { StageCache } from '../cache/stage-cache.ts';
import { ModelLoader, type LoadedModel } from './load-model.ts';
import { float32 } from './sessions.ts';

const megabyte = 2 ** 20;
/** Six matrices of 4 MB, so that there is a middle. */
const width = 1024;

function chain(): StageModel {
  const g = new GraphBuilder();
  const origin = { node: 'chain', source: { kind: 'random', seed: 3 }, layouts: [] } as const;
  const y = g.weightsFrom({ origin, blocks: null }, () => {
    let x = g.input('x', 'float32', [1, width]);
    for (let layer = 0; layer < 6; layer++)
      x = linear(g, x, `layers.${layer}`, { inputs: width, outputs: width, bias: false });
    return x;
  });
  g.output('y', y);
  return g.finish();
}

const disk = SmallDisk.mount(160 * megabyte);
afterEach(() => disk?.relieve());
afterAll(() => disk?.unmount());
const root = join(disk?.folder ?? '', 'cache');

/** `happens` is told of every step of the work before it goes on. */
async function load(
  happens: (phase: string, done?: number, total?: number) => void = () => undefined,
): Promise<Outcome<LoadedModel>> {
  const loader = new ModelLoader(valueOf(await StageCache.open(root)));
  return loader.load({
    model: chain(),
    title: 'Chain',
    threads: 1,
    baseFolder: root,
    progress: {
      tell(phase, done, total) {
        happens(phase, done, total);
        return Promise.resolve(ok(null));
      },
      warn: () => undefined,
    },
  });
}

async function answer({ session }: LoadedModel): Promise<Float32Array> {
  const x = float32(Float32Array.from({ length: width }, Math.cos), [1, width]);
  const { y } = await session.run({ x });
  await session.release();
  return y?.data as Float32Array;
}

const moments: Readonly<
  Record<string, (phase: string, done?: number, total?: number) => number | null>
> = {
  'its weights': (phase, done = 0, total = 0) =>
    phase === 'building' && done > 0 && done < total ? 0 : null,
  'its graph': (phase, done = 0, total = 0) => (phase === 'building' && done === total ? 0 : null),
  'what ONNX Runtime makes of it': (phase) => (phase === 'preparing' ? 0 : null),
  'the middle of what ONNX Runtime makes of it': (phase) =>
    phase === 'preparing' ? 10 * megabyte : null,
  'the end of what ONNX Runtime makes of it': (phase) =>
    phase === 'preparing' ? 48 * megabyte - 4096 : null,
  'the graph that ONNX Runtime makes of it': (phase) =>
    phase === 'preparing' ? 48 * megabyte : null,
};

describe.skipIf(disk === null)('a disk that is full when a stage writes', () => {
  test.for(Object.keys(moments))('%s', async (moment) => {
    let isFull = false;
    const outcome = await load((...step) => {
      const leaveBytes = moments[moment]?.(...step) ?? null;
      if (leaveBytes === null || isFull) return;
      isFull = true;
      disk?.fill(leaveBytes);
    });
    expect(isFull).toBe(true);
    const [problem] = outcome.ok ? [] : outcome.problems;
    expect(problem).toMatchObject({
      code: 'cache-unwritable',
      message: expect.stringContaining('the disk is full') as string,
    });
    expect(await readdir(join(root, 'stages'))).toEqual([]);

    disk?.relieve();
    const built = valueOf(await load());
    const expected = await answer(built);
    const again = valueOf(await load());
    expect([built.found, again.found]).toEqual(['built', 'cached']);
    expect(await answer(again)).toEqual(expected);
    await valueOf(await StageCache.open(root)).clear();
  });
});
