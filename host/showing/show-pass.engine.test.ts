/** What a run shows of itself, with the real engine: patches kept and merged, tiles, frames; none of it in what is timed. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { GraphDocument } from '#engine/contract/document.ts';
import type { Report } from '#engine/contract/report.ts';
import { isLast, runEventSchema, type RunEvent } from '#engine/contract/run-event.ts';
import { keptMarks, mostAttended, showingLimits, type Showing } from '#engine/contract/showing.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { foldReport } from '#engine/profile/report.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { StageCache } from '../cache/stage-cache.ts';
import { ModelLoader } from '../sessions/load-model.ts';
import { CancelSwitch } from '../sessions/progress.ts';
import { executeRun } from '../runs/execute-run.ts';

const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-shown-'));
let loader: ModelLoader;
beforeAll(async () => {
  loader = new ModelLoader(valueOf(await StageCache.open(folder)));
});
afterAll(async () => {
  await loader.keepOnly(new Set());
  await rm(folder, { recursive: true });
});

const picture = { source: { kind: 'sample', name: 'landscape-lake' } };
const encoder = {
  model: 'custom',
  imageSize: 64,
  patchSize: 8,
  hiddenSize: 32,
  layerCount: 3,
  headCount: 2,
  feedForwardSize: 48,
  featureLayer: -1,
};
const patches = 64;

async function run(document: GraphDocument, runs = 1) {
  const events: RunEvent[] = [];
  const emit = (event: RunEvent): void => void events.push(runEventSchema.parse(event));
  valueOf(await executeRun({ document, runs }, loader, emit, new CancelSwitch()));
  return { events, report: foldReport('Shown', events) };
}

const tokensOut = ({ stages }: Report, stage: string): number =>
  stages.find(({ id }) => id === stage)?.tokensOut ?? NaN;

const marksOf = ({ views }: Showing): readonly number[] => views[0]?.marks?.ofPatches ?? [];

const countOf = (marks: readonly number[], mark: number): number =>
  marks.filter((each) => each === mark).length;

const seen = ['image.image > preprocess.image', 'preprocess.pixels > encoder.pixels'];

const pruned = (kept: string): GraphDocument =>
  sketchDocument(
    {
      image: ['input/image', picture],
      preprocess: ['vision/preprocess'],
      encoder: ['encoder/clip-vit', encoder],
      prune: ['compression/prumerge', { kept, neighbours: 5 }],
    },
    [...seen, 'encoder.tokens > prune.tokens', 'encoder.queryKey > prune.queryKey'],
  );

test('PruMerge shows the patches that it keeps, and why, once, behind the last timed pass', async () => {
  const { events, report } = await run(pruned('outliers'), 2);
  const types = events
    .map(({ type }) => type)
    .filter((type) => type !== 'memory-sampled' && type !== 'noise-watched');
  expect(types.filter((type) => type === 'shown')).toHaveLength(2);
  expect(types.slice(-3)).toEqual(['run-measured', 'shown', 'shown']);
  expect(events.some(isLast)).toBe(false);
  const [showing] = report.showings as [Showing];
  expect(showing).toMatchObject({
    node: 'prune',
    stage: 'prune',
    kind: 'kept-patches',
    also: '5 merged into each',
    viewCount: 1,
  });
  const [view] = showing.views;
  expect(view).toMatchObject({ role: 'whole', width: 64, height: 64 });
  expect(view?.marks?.grid).toEqual({ rows: 8, columns: 8 });
  // One more token gathers what was dropped.
  expect(countOf(marksOf(showing), keptMarks.kept)).toBe(tokensOut(report, 'prune') - 1);
  expect(marksOf(showing)).toHaveLength(patches);
});

test('PruMerge+ singles out its outliers among the spread', async () => {
  const { report } = await run(pruned('outliers-and-spread'));
  const [showing] = report.showings as [Showing];
  const alone = (await run(pruned('outliers'))).report.showings[0] as Showing;
  const isOutlier = marksOf(showing).map((mark) => mark === keptMarks.singledOut);
  expect(isOutlier).toEqual(marksOf(alone).map((mark) => mark === keptMarks.kept));
  const kept = patches - countOf(marksOf(showing), keptMarks.gone);
  expect(kept).toBe(tokensOut(report, 'prune') - 1);
  expect(kept).toBeGreaterThan(countOf(marksOf(showing), keptMarks.singledOut));
});

const withPart = (type: string, params: object, runs = 'encoder/clip-vit'): GraphDocument =>
  sketchDocument(
    {
      image: ['input/image', picture],
      preprocess: ['vision/preprocess'],
      part: [type, params as Record<string, never>],
      encoder: [runs, encoder],
    },
    [...seen, 'part.part > encoder.parts'],
  );

test('PruMerge shows the attention that it ranked by: its outliers are the patches with the most', async () => {
  const { report } = await run(pruned('outliers'));
  const [kept, attended] = report.showings as [Showing, Showing];
  expect(attended).toMatchObject({ node: 'prune', kind: 'attended-patches' });
  expectRanked(marksOf(kept), marksOf(attended));
});

/** No patch that is gone is looked at more than one that is kept, and the most is the end of the scale. */
function expectRanked(kept: readonly number[], attended: readonly number[]): void {
  const of = (isKept: boolean) =>
    attended.filter((_, place) => (kept[place] !== keptMarks.gone) === isKept);
  expect(Math.max(...attended)).toBe(mostAttended);
  expect(Math.max(...of(false))).toBeLessThanOrEqual(Math.min(...of(true)));
}

test('ToMe shows which patches became one token, at the part and in the stage of its encoder', async () => {
  const { report } = await run(withPart('compression/tome', { merged: '9' }));
  const [showing] = report.showings as [Showing];
  expect(showing).toMatchObject({ node: 'part', stage: 'encoder', kind: 'merged-patches' });
  const marks = marksOf(showing);
  expect(marks).toHaveLength(patches);
  expect(new Set(marks).size).toBe(tokensOut(report, 'encoder'));
  expect(tokensOut(report, 'encoder')).toBe(patches - 3 * 9);
});

test('MADTP shows the patches that stay, and nothing but them', async () => {
  const { report } = await run(withPart('compression/madtp', { slots: 6 }));
  const [showing] = report.showings as [Showing];
  expect(showing).toMatchObject({ node: 'part', kind: 'kept-patches' });
  const kept = countOf(marksOf(showing), keptMarks.kept);
  expect(kept).toBeGreaterThan(0);
  expect(kept).toBeLessThan(tokensOut(report, 'encoder'));
  expect(kept + countOf(marksOf(showing), keptMarks.gone)).toBe(patches);
});

test('a picture in tiles is shown as they were cut, as the encoder sees them', async () => {
  const document = sketchDocument(
    {
      image: ['input/image', picture],
      tiles: ['vision/anyres-tiles', { grids: '1 × 2, 2 × 1, 2 × 2' }],
      encoder: ['encoder/clip-vit', encoder],
      part: ['compression/tome', { merged: '2' }],
    },
    ['image.image > tiles.image', 'tiles.pixels > encoder.pixels', 'part.part > encoder.parts'],
  );
  const { report } = await run(document);
  const [cut, merged] = report.showings as [Showing, Showing];
  expect([cut.kind, cut.viewCount, merged.viewCount]).toEqual(['views', 5, 5]);
  const places = cut.views.map(({ role, row, column }) => `${role} ${row} ${column}`);
  expect(places).toEqual(['whole 0 0', 'tile 0 0', 'tile 0 1', 'tile 1 0', 'tile 1 1']);
  // The picture is wider than the square of the tiles: what is padded is black, above the upper and below the lower.
  const corners = await Promise.all(
    cut.views.map(async ({ dataUrl }) => [
      await isBlack(dataUrl, 'top'),
      await isBlack(dataUrl, 'bottom'),
    ]),
  );
  expect(corners).toEqual([
    [false, false],
    [true, false],
    [true, false],
    [false, true],
    [false, true],
  ]);
  for (const view of merged.views) expect(new Set(view.marks?.ofPatches).size).toBe(patches - 6);
});

const bytesOf = (dataUrl: string): Buffer => Buffer.from(dataUrl.split(',')[1] ?? '', 'base64');

async function isBlack(dataUrl: string, end: 'top' | 'bottom'): Promise<boolean> {
  const { height, width } = await sharp(bytesOf(dataUrl)).metadata();
  const top = end === 'top' ? 0 : height - 4;
  const strip = await sharp(bytesOf(dataUrl))
    .extract({ left: 0, top, width, height: 4 })
    .toBuffer();
  return (await sharp(strip).stats()).channels.every(({ max }) => max < 4);
}

async function meanColour(dataUrl: string): Promise<readonly number[]> {
  return (await sharp(bytesOf(dataUrl)).stats()).channels.map(({ mean }) => Math.round(mean));
}

test('a clip is shown by its frames, in their order and colours, and no more of them than fit', async () => {
  const frames = 30;
  const clip = join(folder, 'clip.webp');
  const levels = Array.from({ length: frames }, (_, index) => 8 * index);
  const stills = await Promise.all(
    levels.map((level) =>
      sharp({
        create: { width: 24, height: 16, channels: 3, background: { r: level, g: 40, b: 90 } },
      })
        .png()
        .toBuffer(),
    ),
  );
  await sharp(stills, { join: { animated: true } })
    .webp({ lossless: true })
    .toFile(clip);
  const document = sketchDocument(
    { video: ['input/video', { source: { kind: 'clip', path: clip }, frames }] },
    [],
  );
  const { report } = await run(document);
  const [showing] = report.showings as [Showing];
  expect(showing).toMatchObject({ node: 'video', kind: 'views', viewCount: frames });
  expect(showing.views).toHaveLength(showingLimits.views);
  const reds = await Promise.all(showing.views.map(({ dataUrl }) => meanColour(dataUrl)));
  expect(reds).toEqual(levels.slice(0, showingLimits.views).map((level) => [level, 40, 90]));
});

const language = {
  model: 'custom',
  vocabularySize: 512,
  hiddenSize: 32,
  layerCount: 4,
  headCount: 2,
  keyValueHeadCount: 2,
  headSize: 16,
  feedForwardSize: 32,
  template: '{prompt}',
  maxNewTokens: 3,
};

test('FastV shows over each picture what its language model still sees, one FastV behind another', async () => {
  const { report } = await run(
    sketchDocument(
      {
        image: ['input/image', picture],
        other: ['input/image', { source: { kind: 'sample', name: 'shapes-circle' } }],
        preprocess: ['vision/preprocess'],
        encoder: ['encoder/clip-vit', { ...encoder, hiddenSize: 32 }],
        prompt: ['input/prompt', { text: 'which of <image> and <image>?' }],
        language: ['language/decoder', language],
        early: ['acceleration/fastv', { layer: 1, ratio: 0.75 }],
        late: ['acceleration/fastv', { layer: 3, ratio: 0.5, pruned: 'masked' }],
      },
      [
        ...seen,
        'other.image > preprocess.image',
        'encoder.tokens > language.visual',
        'prompt.text > language.prompt',
        'early.part > language.acceleration',
        'late.part > language.acceleration',
      ],
    ),
    2,
  );
  const told = report.showings.map(({ node, stage, kind }) => `${node} ${stage} ${kind}`);
  expect(told).toEqual([
    'early language/prefill kept-patches',
    'early language/prefill attended-patches',
    'late language/prefill kept-patches',
    'late language/prefill attended-patches',
  ]);
  const allMarks = ({ views }: Showing): readonly number[] =>
    views.flatMap(({ marks }) => marks?.ofPatches ?? []);
  const [kept, attended, lateKept, lateAttended] = report.showings.map(allMarks) as [
    readonly number[],
    readonly number[],
    readonly number[],
    readonly number[],
  ];
  expect(report.showings.map(({ views }) => views.length)).toEqual([2, 2, 2, 2]);
  expect(countOf(kept, keptMarks.kept)).toBe((2 * patches) / 4);
  expect(countOf(lateKept, keptMarks.kept)).toBe((2 * patches) / 8);
  expectRanked(kept, attended);
  expectRanked(lateKept, lateAttended);
  const wasGone = lateAttended.filter((_, place) => kept[place] === keptMarks.gone);
  expect(new Set(wasGone)).toEqual(new Set([0]));
});

test('the queries of a Q-Former show where they look, apart from the class token', async () => {
  const { report } = await run(
    sketchDocument(
      {
        image: ['input/image', picture],
        preprocess: ['vision/preprocess'],
        encoder: ['encoder/clip-vit', { ...encoder, select: 'all' }],
        asking: [
          'projector/q-former',
          {
            model: 'custom',
            outputWidth: 32,
            queryCount: 4,
            hiddenSize: 32,
            layerCount: 2,
            headCount: 2,
            feedForwardSize: 48,
          },
        ],
      },
      [...seen, 'encoder.tokens > asking.tokens'],
    ),
  );
  const [showing] = report.showings as [Showing];
  expect(showing).toMatchObject({ node: 'asking', stage: 'asking', kind: 'attended-patches' });
  expect(marksOf(showing)).toHaveLength(patches);
  expect(Math.max(...marksOf(showing))).toBe(mostAttended);
});

test('experts show how many tokens of a prompt each was sent, of all its pieces together', async () => {
  const words = Array.from({ length: 300 }, (_, index) => `word${index}`).join(' ');
  const document = sketchDocument(
    {
      prompt: ['input/prompt', { text: words }],
      language: ['language/decoder', language],
      few: ['moe/feed-forward', { experts: 4, layers: 'first-half' }],
      many: ['moe/feed-forward', { experts: 12, topK: 3, layers: 'listed', layerList: '3' }],
    },
    [
      'prompt.text > language.prompt',
      'few.part > language.feedForward',
      'many.part > language.feedForward',
    ],
  );
  const { report } = await run(document, 2);
  const tokens = report.stages.find(({ phase }) => phase === 'prefill')?.tokensIn ?? NaN;
  // More than are read at once.
  expect(tokens).toBeGreaterThan(256);
  const shown = report.showings.map(({ node, stage, kind, loads = [] }) => ({
    node,
    stage,
    kind,
    sent: loads.map(({ layer, ofExperts }) => [
      layer,
      ofExperts.length,
      ofExperts.reduce((sum, count) => sum + count, 0),
    ]),
  }));
  const facts = { stage: 'language/prefill', kind: 'expert-load' };
  const [twice, thrice] = [2 * tokens, 3 * tokens];
  expect(shown).toEqual([
    {
      node: 'few',
      ...facts,
      sent: [
        [0, 4, twice],
        [1, 4, twice],
      ],
    },
    { node: 'many', ...facts, sent: [[3, 12, thrice]] },
  ]);
});
