/** Two language models in one graph, run as a page runs them: what is told of one is never told of the other. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunRequest } from '#engine/contract/run-request.ts';
import { foldReport } from '#engine/profile/report.ts';
import { decoderGraph, twoModelsGraph } from './bin/graphs.testing.ts';
import { buildPrograms, engineEntry } from './bin/patchbay-command.testing.ts';
import { startRun } from './engine/followed-run.testing.ts';
import { LocalHost } from './local-host.ts';

const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-several-models-'));
process.env['PATCHBAY_CACHE'] = join(folder, 'cache');

let host: LocalHost;

beforeAll(async () => {
  await buildPrograms();
  host = new LocalHost(engineEntry);
});
afterAll(async () => {
  await host.close();
  await rm(folder, { recursive: true });
});

/** As many as tell a speed of an answer of two tokens. */
const passes = 4;

async function run(document: RunRequest['document']) {
  const followed = await startRun(host, document, { runs: passes });
  expect(await followed.last()).toEqual({ type: 'run-finished' });
  return { events: followed.events, report: foldReport('', followed.events) };
}

const question = 'what colour is the circle?';

test('each model writes, in its own words and rows, what it writes alone', async () => {
  const { events, report } = await run(twoModelsGraph(question));
  const alone = await run(decoderGraph({}, question));
  const models = new Map(report.languageModels.map((model) => [model.node, model]));
  expect([...models.keys()].toSorted()).toEqual(['shapes', 'tiny']);
  expect(models.get('tiny')?.answer).toEqual(alone.report.answer);
  expect(models.get('shapes')?.answer?.text).not.toBe(models.get('tiny')?.answer?.text);
  expect([...models.values()].map((model) => model.hasRandomWeights)).toEqual(
    [...models.keys()].map((node) => node === 'tiny'),
  );

  for (const [node, model] of models) {
    const said = events.flatMap((event) =>
      event.type === 'token' && event.node === node && event.run === passes ? [event.text] : [],
    );
    expect(said.join('').trim()).toBe(model.answer?.text);
    const row = (phase: string) =>
      report.stages.find((stage) => stage.node === node && stage.phase === phase);
    const prefill = row('prefill');
    const decode = row('decode');
    expect(decode?.tokensOut).toBe(model.answer?.tokenIds.length);
    expect(model.prefillTokensPerSecond).toBeCloseTo(
      (prefill?.tokensIn ?? 0) / ((prefill?.latencyMs.median ?? 0) / 1000),
    );
    expect(model.decodeTokensPerSecond).toBeCloseTo(
      ((decode?.tokensOut ?? 0) - 1) / ((decode?.latencyMs.median ?? 0) / 1000),
    );
    // A transformer carries keys and values, and nothing else.
    expect(decode?.memory.stateBytes).toBeGreaterThan(0);
    expect(decode?.memory.stateBytes).toBe(decode?.memory.kvBytes);
  }
  // The model that runs later waits for the other one.
  const [first, second] = report.languageModels;
  expect(first?.timeToFirstTokenMs).toBeLessThan(second?.timeToFirstTokenMs ?? 0);
  expect(report).toMatchObject({ answer: null, totals: { decodeTokensPerSecond: null } });
});

test('the one language model of a graph speaks for the whole graph', async () => {
  const { events, report } = await run(decoderGraph());
  const [model] = report.languageModels;
  expect(report.answer).toEqual(model?.answer);
  expect(report.totals.timeToFirstTokenMs).toBe(model?.timeToFirstTokenMs);
  const started = events.find((event) => event.type === 'run-started');
  expect(started?.wires).toEqual([
    { from: 'prompt', to: 'language' },
    { from: 'language', to: 'answer' },
  ]);
});
