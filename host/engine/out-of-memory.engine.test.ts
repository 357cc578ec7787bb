/** The kernel kills the engine for lack of memory: the run says that it did, and the next one goes on. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decoderGraph } from '../bin/graphs.testing.ts';
import { buildPrograms, engineEntry } from '../bin/patchbay-command.testing.ts';
import { LocalHost } from '../local-host.ts';
import { EngineHold, entered } from './engine-hold.testing.ts';
import { startRun } from './followed-run.testing.ts';
import { MemoryCage } from './memory-cage.testing.ts';

const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-out-of-memory-'));
const hold = new EngineHold(folder);
Object.assign(process.env, { PATCHBAY_CACHE: join(folder, 'cache'), ...hold.environment });

const megabyte = 2 ** 20;
const cage = MemoryCage.build(16 * megabyte);
const host = new LocalHost(engineEntry);

beforeAll(buildPrograms);
afterAll(async () => {
  hold.release();
  await host.close();
  cage?.remove();
  await rm(folder, { recursive: true });
});

/** Some 200 MB of weights in memory while they are packed. */
const large = decoderGraph({ hiddenSize: 1024, feedForwardSize: 8192, precision: 'float32' });
const preparing = entered('language/prefill', 'preparing');

describe.skipIf(cage === null)('an engine that the kernel kills', () => {
  test('says that it was for lack of memory, and what to do', async () => {
    hold.at(preparing);
    const run = await startRun(host, large);
    await run.until(preparing);
    cage?.lockIn(host.engineProcessId as number);
    hold.release();
    expect(await run.last()).toMatchObject({
      type: 'run-failed',
      problems: [
        {
          code: 'engine-died',
          node: 'language',
          message:
            'The engine process ended while "Language model · prefill" was preparing (the system killed it for lack of memory; choose a smaller model or a lower precision). The graph is unharmed; run it again.',
        },
      ],
    });
    const after = await startRun(host, large);
    expect(await after.last()).toEqual({ type: 'run-finished' });
  });
});
