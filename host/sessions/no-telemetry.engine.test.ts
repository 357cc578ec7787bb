/** What Patchbay runs on tells nobody of it. */
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { decoderGraph } from '../bin/graphs.testing.ts';
import { buildPrograms, engineEntry } from '../bin/patchbay-command.testing.ts';
import { startRun } from '../engine/followed-run.testing.ts';
import { LocalHost } from '../local-host.ts';

const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-telemetry-'));
const temporary = join(folder, 'temporary');

beforeAll(buildPrograms);
afterAll(() => rm(folder, { recursive: true }));

test('ONNX Runtime starts none of the telemetry that its releases carry', async () => {
  await mkdir(temporary);
  vi.stubEnv('PATCHBAY_CACHE', join(folder, 'cache'));
  vi.stubEnv('TMPDIR', temporary);
  vi.stubEnv('ORT_DISABLE_TELEMETRY', undefined);
  const host = new LocalHost(engineEntry);
  const run = await startRun(host, decoderGraph());
  expect(await run.last()).toEqual({ type: 'run-finished' });
  // It would keep its session and what is still to be sent in the folder for temporary files.
  expect(await readdir(temporary, { recursive: true })).toEqual([
    expect.stringMatching(/^patchbay-engine-\w+$/),
  ]);
  await host.close();
  vi.unstubAllEnvs();
});
