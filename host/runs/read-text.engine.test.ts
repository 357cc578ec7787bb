/** A graph in which a picture's text is read: from the picture to the answer of a tiny model, and what goes wrong. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { GraphDocument, Json } from '#engine/contract/document.ts';
import type { RunEvent } from '#engine/contract/run-event.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { StageCache } from '../cache/stage-cache.ts';
import { checkWithFiles } from '../check-with-files.ts';
import { ModelLoader } from '../sessions/load-model.ts';
import { CancelSwitch } from '../sessions/progress.ts';
import { packageRoot } from '../system/package-root.ts';
import { executeRun } from './execute-run.ts';

const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-read-text-'));
const signs = { kind: 'file', path: join(packageRoot, 'host/reading/signs.testing.png') } as const;

let loader: ModelLoader;
beforeAll(async () => {
  loader = new ModelLoader(valueOf(await StageCache.open(folder)));
});
afterAll(async () => {
  await loader.keepOnly(new Set());
  await rm(folder, { recursive: true });
});

let threads = 0;
beforeEach(() => {
  threads = 0;
});
process.on('worker', (thread) => {
  threads += 1;
  thread.once('exit', () => (threads -= 1));
});

type Params = Readonly<Record<string, Json>>;

interface Wired {
  readonly question?: string;
  readonly source?: Json;
  readonly agent?: Params;
  /** How the language model gets the picture: through the agent, with its crops, or past it. */
  readonly seen?: 'agent.pictures' | 'image.image';
}

const tiny = { model: 'custom', hiddenSize: 32, layerCount: 2, headCount: 4 } as const;
const tower = { imageSize: 32, patchSize: 8, feedForwardSize: 48 } as const;
const decoder = {
  vocabularySize: 97,
  keyValueHeadCount: 2,
  headSize: 8,
  feedForwardSize: 48,
  contextLength: 1024,
  maxNewTokens: 4,
} as const;

/** P2G in miniature, with random weights. */
function graph({
  question = 'Which platform is it?',
  source = signs,
  agent = {},
  seen = 'agent.pictures',
}: Wired = {}): GraphDocument {
  return sketchDocument(
    {
      image: ['input/image', { source }],
      prompt: ['input/prompt', { text: question }],
      agent: ['vision/ocr-agent', agent],
      preprocess: ['vision/preprocess', { geometry: 'pad' }],
      encoder: ['encoder/clip-vit', { ...tiny, ...tower }],
      projector: ['projector/mlp'],
      language: ['language/decoder', { ...tiny, ...decoder }],
      answer: ['output/answer'],
    },
    [
      'image.image > agent.image',
      'prompt.text > agent.question',
      `${seen} > preprocess.image`,
      'preprocess.pixels > encoder.pixels',
      'encoder.tokens > projector.tokens',
      'projector.tokens > language.visual',
      'agent.text > language.prompt',
      'language.answer > answer.answer',
    ],
  );
}

async function attempt(document: GraphDocument, cancel = new CancelSwitch()) {
  const events: RunEvent[] = [];
  const emit = (event: RunEvent): void => void events.push(event);
  const outcome = await executeRun({ document, runs: 2 }, loader, emit, cancel);
  return { events, outcome };
}

async function run(wired: Wired): Promise<readonly RunEvent[]> {
  const { events, outcome } = await attempt(graph(wired));
  valueOf(outcome);
  expect(threads).toBe(0);
  return events;
}

function rowOf(events: readonly RunEvent[], stage: string) {
  const row = events.find(
    (event) => event.type === 'stage-measured' && event.stage === stage && event.run === 2,
  );
  return row?.type === 'stage-measured' ? row : null;
}

const warnings = (events: readonly RunEvent[]) =>
  events.flatMap((event) => (event.type === 'run-warned' ? event.problems : []));

/** Sizes of the pictures that the agent is shown to have given. */
function shownSizes(events: readonly RunEvent[]): readonly (readonly [number, number])[] {
  const shown = events.flatMap((event) =>
    event.type === 'shown' && event.showing.node === 'agent' ? event.showing.views : [],
  );
  return shown.map(({ width, height }) => [width, height]);
}

/** Of one picture: (32 / 8)². */
const tokensOfPicture = 16;

test('Tesseract is loaded by the first run that reads text, and by no other', async () => {
  const loaded = () =>
    Object.keys(createRequire(import.meta.url).cache).filter((path) =>
      /node_modules.tesseract\.js/.test(path),
    );
  const { prompt, language, answer } = graph().nodes;
  const edges = [
    { from: { node: 'prompt', port: 'text' }, to: { node: 'language', port: 'prompt' } },
    { from: { node: 'language', port: 'answer' }, to: { node: 'answer', port: 'answer' } },
  ];
  const nodes = { prompt, language, answer } as GraphDocument['nodes'];
  valueOf((await attempt({ ...graph(), nodes, edges })).outcome);
  expect(loaded()).toEqual([]);
  await run({});
  expect(loaded()).not.toEqual([]);
});

test('what the question asks for is cut out, and the model reads picture, words and crop', async () => {
  const [one, all] = [await run({}), await run({ question: 'What do you see?' })];
  const [whole, platform] = shownSizes(one);
  expect(whole).toEqual([480, 360]);
  // 160 × 24 pixels of ink, and half the height of the letters around them.
  expect(platform?.[0]).toBeGreaterThan(160 + 20);
  expect(platform?.[0]).toBeLessThan(160 + 30);
  expect(platform?.[1]).toBeLessThan(24 + 30);
  expect([one, all].map((events) => shownSizes(events).length)).toEqual([2, 4]);
  for (const [events, pictures] of [
    [one, 2],
    [all, 4],
  ] as const) {
    expect(warnings(events)).toEqual([]);
    const words = rowOf(events, 'language/tokenise')?.tokensOut ?? NaN;
    const read = rowOf(events, 'language/prefill')?.tokensIn;
    expect(read).toBe(words + pictures * tokensOfPicture);
    expect(events.some(({ type }) => type === 'answer')).toBe(true);
  }
});

test('the words alone are read where the picture goes past the agent', async () => {
  const events = await run({ seen: 'image.image' });
  const words = rowOf(events, 'language/tokenise')?.tokensOut ?? NaN;
  // About four characters are a token; the question is 21 of them.
  expect(words).toBeGreaterThan(30);
  expect(rowOf(events, 'language/prefill')?.tokensIn).toBe(words + tokensOfPicture);
});

test('where there is no text the picture goes on as a whole, which is said once', async () => {
  const source = { kind: 'sample', name: 'shapes-circle' };
  const events = await run({ source });
  expect(shownSizes(events)).toEqual([[96, 96]]);
  expect(warnings(events)).toMatchObject([{ code: 'text-missing', node: 'agent' }]);
  const words = rowOf(events, 'language/tokenise')?.tokensOut ?? NaN;
  expect(rowOf(events, 'language/prefill')?.tokensIn).toBe(words + tokensOfPicture);
});

test('a language without data is told when the graph is checked, and before anything is built', async () => {
  const document = graph({ agent: { language: 'deu_frak' } });
  const problem = { code: 'reader-missing', node: 'agent', param: 'language' };
  expect(await checkWithFiles(document, folder)).toMatchObject([problem]);
  const { events, outcome } = await attempt(document);
  expect(outcome).toMatchObject({ ok: false, problems: [problem] });
  expect(events.filter(({ type }) => type === 'stage-loaded')).toEqual([]);
});

test('a question with places for several pictures is told at the agent', async () => {
  const { outcome } = await attempt(graph({ question: 'Is it <image> or <image>?' }));
  expect(outcome).toMatchObject({
    ok: false,
    problems: [{ code: 'marker-mismatch', node: 'agent', port: 'question' }],
  });
  expect(threads).toBe(0);
});

test('a run that is cancelled while a picture is read ends, and its thread with it', async () => {
  const cancel = new CancelSwitch();
  process.once('worker', () => cancel.cancel());
  const { outcome } = await attempt(graph(), cancel);
  expect(outcome).toMatchObject({ ok: false, problems: [{ code: 'run-cancelled' }] });
  expect(threads).toBe(0);
});
