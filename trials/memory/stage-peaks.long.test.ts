/** What a run says a stage takes is what the stage takes alone, in a process that runs nothing else. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { GraphDocument, Json } from '#engine/contract/document.ts';
import type { StageReport } from '#engine/contract/report.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { foldReport } from '#engine/profile/report.ts';
import { buildPrograms, engineEntry } from '#host/bin/patchbay-command.testing.ts';
import { startRun } from '#host/engine/followed-run.testing.ts';
import { LocalHost } from '#host/local-host.ts';
import { barePeakBytes } from './bare-stage.testing.ts';

const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-stage-peaks-'));
Object.assign(process.env, { PATCHBAY_CACHE: folder });

beforeAll(buildPrograms);
afterAll(() => rm(folder, { recursive: true }));

type Params = Readonly<Record<string, Json>>;

const seeing = {
  image: ['input/image'],
  preprocess: ['vision/preprocess'],
} as const;

const seen = [
  'image.image > preprocess.image',
  'preprocess.pixels > encoder.pixels',
  'encoder.tokens > projector.tokens',
];

const projecting = (encoder: Params, projector: Params): GraphDocument =>
  sketchDocument(
    {
      ...seeing,
      encoder: ['encoder/clip-vit', encoder],
      projector: ['projector/mlp', projector],
    },
    seen,
  );

const answering = (encoder: Params, language: Params): GraphDocument =>
  sketchDocument(
    {
      ...seeing,
      encoder: ['encoder/clip-vit', encoder],
      projector: ['projector/mlp'],
      prompt: ['input/prompt', { text: 'abc '.repeat(120).trim() }],
      language: ['language/decoder', { template: '<image>{prompt}', maxNewTokens: 4, ...language }],
      answer: ['output/answer'],
    },
    [
      ...seen,
      'projector.tokens > language.visual',
      'prompt.text > language.prompt',
      'language.answer > answer.answer',
    ],
  );

/** The stage as the second run has it: the first builds, which leaves memory behind in its process. */
async function measuredIn(
  document: GraphDocument,
  row: string,
  until: string | null,
): Promise<StageReport> {
  const request = { runs: 2, ...(until !== null && { until }) };
  let report = foldReport('', []);
  for (const _ of ['building', 'loading']) {
    const host = new LocalHost(engineEntry);
    const run = await startRun(host, document, request);
    expect(await run.last()).toEqual({ type: 'run-finished' });
    report = foldReport('', run.events);
    await host.close();
  }
  const stage = report.stages.find(({ id }) => id === row);
  if (!stage) throw new Error(`There is no row "${row}".`);
  return stage;
}

const narrowTower = {
  model: 'custom',
  imageSize: 336,
  patchSize: 14,
  hiddenSize: 1024,
  layerCount: 2,
  headCount: 16,
  feedForwardSize: 1024,
} as const;

const fewestBytes = 50e6;

test.skipIf(process.platform !== 'linux').for([
  {
    what: 'an encoder before a projector',
    document: projecting({ model: 'vit-b16' }, { outputWidth: 2048 }),
    row: 'encoder',
    until: 'projector',
  },
  {
    what: 'a projector behind an encoder',
    document: projecting(narrowTower, { outputWidth: 4096 }),
    row: 'projector',
    until: 'projector',
  },
  {
    what: 'a language model of random int4 weights that reads a picture',
    document: answering(
      { model: 'vit-b32' },
      { model: 'qwen2-0.5b', precision: 'int4', blockSize: '128' },
    ),
    row: 'language/prefill',
    until: null,
  },
])('$what takes what it takes alone, within a tenth', async ({ document, row, until }) => {
  const { node, memory, tokensIn } = await measuredIn(document, row, until);
  const alone = await barePeakBytes({ document, node, tokens: tokensIn ?? 0 }, folder);
  // Below it what the process does beside the stage would count for too much.
  expect(alone).toBeGreaterThan(fewestBytes);
  const both = `${memory.peakBytes} bytes in the graph, ${alone} alone`;
  expect(Math.abs(memory.peakBytes / alone - 1), both).toBeLessThan(0.1);
});
