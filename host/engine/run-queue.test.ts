/** Runs wait for each other, but neither without number nor without size. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { runLimits } from '#engine/contract/run-request.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { LocalHost } from '../local-host.ts';

let folder: string;
let host: LocalHost;

beforeAll(async () => {
  folder = await mkdtemp(join(os.tmpdir(), 'patchbay-queue-'));
  // An engine that takes runs and gets nowhere.
  await writeFile(join(folder, 'engine.mjs'), `process.on('message', () => undefined);`);
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(() => {
  host = new LocalHost(join(folder, 'engine.mjs'));
});
afterEach(() => host.close());

const start = (text: string) =>
  host.startRun({ document: sketchDocument({ prompt: ['input/prompt', { text }] }), runs: 1 });

async function started(text: string): Promise<string> {
  const outcome = await start(text);
  if (!outcome.ok) throw new Error(outcome.problems[0]?.message);
  return outcome.value.runId;
}

test('As many runs wait as are kept; one more is told to wait, and starts when another is cancelled', async () => {
  const runIds: string[] = [];
  for (let count = 0; count < runLimits.going; count++) runIds.push(await started('?'));
  expect(await start('?')).toMatchObject({
    ok: false,
    problems: [
      {
        code: 'queue-full',
        message: `${runLimits.going} runs go on or wait already; wait until one has ended, or cancel one.`,
      },
    ],
  });
  await host.cancelRun({ runId: runIds.at(-1) ?? '', hard: false });
  await started('?');
});

test('Large graphs wait up to a size, and a graph that is too large does not wait at all', async () => {
  const text = 'x'.repeat(5_000_000);
  const fitting = Math.floor(runLimits.goingBytes / 5_000_500);
  for (let count = 0; count < fitting; count++) await started(text);
  expect(await start(text)).toMatchObject({
    ok: false,
    problems: [{ code: 'queue-full', message: expect.stringMatching(/hold 65.*MB .* cancel one/) }],
  });
  // There is room for a small one.
  await started('?');
  expect(await start('x'.repeat(17 * 1024 ** 2))).toMatchObject({
    ok: false,
    problems: [{ code: 'file-too-large', message: expect.stringMatching(/at most .* split/) }],
  });
});
