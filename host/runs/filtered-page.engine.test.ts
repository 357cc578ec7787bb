/** HRVDA in miniature: of a picture only what has something on it is seen, and of that only what the instruction is about is read. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { GraphDocument } from '#engine/contract/document.ts';
import type { Report } from '#engine/contract/report.ts';
import { runEventSchema, type RunEvent } from '#engine/contract/run-event.ts';
import { keptMarks, type ShownView } from '#engine/contract/showing.ts';
import { sketchDocument, type NodeSketch } from '#engine/graph/sketch-document.ts';
import { foldReport } from '#engine/profile/report.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { StageCache } from '../cache/stage-cache.ts';
import { ModelLoader } from '../sessions/load-model.ts';
import { CancelSwitch } from '../sessions/progress.ts';
import { executeRun } from './execute-run.ts';

const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-filtered-'));
let loader: ModelLoader;
beforeAll(async () => {
  loader = new ModelLoader(valueOf(await StageCache.open(folder)));
});
afterAll(async () => {
  await loader.keepOnly(new Set());
  await rm(folder, { recursive: true });
});

/** Sixteen patches a side, of which 2 × 2 become one. */
const swin = {
  model: 'custom',
  imageSize: 64,
  patchSize: 4,
  hiddenSize: 16,
  depths: '2, 1',
  headCounts: '2, 4',
  windowSize: 4,
};
const squares = 64;
const keptShare = 0.3;

const decoder = {
  model: 'custom',
  vocabularySize: 97,
  hiddenSize: 32,
  layerCount: 2,
  headCount: 4,
  keyValueHeadCount: 2,
  headSize: 8,
  feedForwardSize: 48,
  maxNewTokens: 4,
};

/** The instruction is embedded as wide as the language model is. */
const asked: Readonly<Record<string, NodeSketch>> = {
  image: ['input/image', { source: { kind: 'sample', name: 'shapes-stars' } }],
  prompt: ['input/prompt', { text: 'How many stars are there?' }],
  tokenise: ['text/tokenise'],
  embedding: ['text/embedding', { model: 'custom', vocabularySize: 97, hiddenSize: 32 }],
  encoder: ['encoder/swin', swin],
  projector: ['projector/mlp', { outputWidth: 32 }],
  filter: ['compression/instruction-filter', { keptShare, headCount: 4 }],
};

const asking = [
  'encoder.tokens > projector.tokens',
  'projector.tokens > filter.tokens',
  'prompt.text > tokenise.text',
  'tokenise.ids > embedding.ids',
  'embedding.embeddings > filter.instruction',
];

async function run(document: GraphDocument) {
  const events: RunEvent[] = [];
  const emit = (event: RunEvent): void => void events.push(runEventSchema.parse(event));
  valueOf(await executeRun({ document, runs: 1 }, loader, emit, new CancelSwitch()));
  return { events, report: foldReport('Filtered', events) };
}

const stageOf = ({ stages }: Report, id: string) => stages.find((stage) => stage.id === id);
const keptIn = (view: ShownView | undefined): number =>
  view?.marks?.ofPatches.filter((mark) => mark === keptMarks.kept).length ?? NaN;

test('few patches enter, fewer tokens are read, and the answer is over them', async () => {
  const document = sketchDocument(
    {
      ...asked,
      preprocess: ['vision/preprocess'],
      content: ['compression/content-filter', { detector: 'contrast', threshold: 0.4 }],
      language: ['language/decoder', decoder],
      answer: ['output/answer'],
    },
    [
      'image.image > preprocess.image',
      'preprocess.pixels > encoder.pixels',
      'content.part > encoder.parts',
      ...asking,
      'filter.tokens > language.visual',
      'prompt.text > language.prompt',
      'language.answer > answer.answer',
    ],
  );
  const { events, report } = await run(document);
  const seen = stageOf(report, 'encoder')?.tokensOut ?? NaN;
  // Shapes on plain ground: their edges are most of what there is.
  expect(seen).toBeGreaterThan(1);
  expect(seen).toBeLessThan(squares);
  const [showing] = report.showings;
  expect(showing).toMatchObject({ node: 'content', stage: 'encoder', kind: 'kept-patches' });
  expect(showing?.views[0]?.marks?.grid).toEqual({ rows: 8, columns: 8 });
  expect(keptIn(showing?.views[0])).toBe(seen);
  const read = stageOf(report, 'filter');
  expect(read).toMatchObject({
    tokensIn: expect.any(Number) as number,
    tokensOut: Math.floor(seen * keptShare + 0.5),
  });
  expect(events.find(({ type }) => type === 'answer')).toMatchObject({ node: 'language' });
});

test('of several tiles each keeps its share of what the instruction is about', async () => {
  const document = sketchDocument(
    { ...asked, tiles: ['vision/anyres-tiles', { grids: '1 × 2, 2 × 1, 2 × 2' }] },
    ['image.image > tiles.image', 'tiles.pixels > encoder.pixels', ...asking],
  );
  const { report } = await run(document);
  const showing = report.showings.find(({ node }) => node === 'filter');
  expect(showing?.viewCount).toBeGreaterThan(1);
  const views = showing?.views ?? [];
  expect(views.map(keptIn)).toEqual(views.map(() => Math.floor(squares * keptShare + 0.5)));
  const marks = views.map((view) => view.marks?.ofPatches.join());
  expect(new Set(marks).size).toBeGreaterThan(1);
});
