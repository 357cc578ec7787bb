/** An instruction that decides what is seen: from the prompt through tokenizer and Q-Former to the language model. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { GraphDocument, Json } from '#engine/contract/document.ts';
import type { RunEvent } from '#engine/contract/run-event.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { planGraph } from '#engine/plan/plan.ts';
import { catalogue } from '#nodes/index.ts';
import { floatsOf, wholesOf } from '#verify/node-bench.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { StageCache } from '../cache/stage-cache.ts';
import { ModelLoader } from '../sessions/load-model.ts';
import { CancelSwitch } from '../sessions/progress.ts';
import type { Tensor } from '../sessions/sessions.ts';
import { packageRoot } from '../system/package-root.ts';
import { Pass } from '../stages/pass.ts';
import { executeRun, runnerOf } from './execute-run.ts';
import { runStage, type PassValues } from './pipeline.ts';

const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-steered-'));
let loader: ModelLoader;
beforeAll(async () => {
  loader = new ModelLoader(valueOf(await StageCache.open(folder)));
});
afterAll(async () => {
  await loader.keepOnly(new Set());
  await rm(folder, { recursive: true });
});

const wordpiece = join(packageRoot, 'verify', 'recorded', 'tokenizer', 'wordpiece');
const queryCount = 6;

const random = { kind: 'random', seed: 0 };

/** InstructBLIP in miniature, with random weights; the language model hears one question, the queries another. */
function graphFor(instruction: string, tokenizer: Json = random): GraphDocument {
  const small = { model: 'custom', hiddenSize: 32, layerCount: 2, headCount: 4 } as const;
  const tower = { imageSize: 32, patchSize: 8, feedForwardSize: 48 };
  const decoder = { vocabularySize: 97, keyValueHeadCount: 2, headSize: 8, feedForwardSize: 48 };
  return sketchDocument(
    {
      image: ['input/image', { source: { kind: 'sample', name: 'shapes-stars' } }],
      preprocess: ['vision/preprocess'],
      encoder: ['encoder/clip-vit', { ...small, ...tower, select: 'all', featureLayer: -1 }],
      instruction: ['input/prompt', { text: instruction }],
      tokenise: ['text/tokenise', { maxTokens: 24, tokenizer }],
      qformer: [
        'projector/q-former',
        { ...small, layerCount: 4, queryCount, feedForwardSize: 48, vocabularySize: 61 },
      ],
      prompt: ['input/prompt', { text: 'What is it?' }],
      language: ['language/decoder', { ...small, ...decoder, maxNewTokens: 8 }],
      answer: ['output/answer'],
    },
    [
      'image.image > preprocess.image',
      'preprocess.pixels > encoder.pixels',
      'encoder.tokens > qformer.tokens',
      'instruction.text > tokenise.text',
      'tokenise.ids > qformer.instruction',
      'qformer.tokens > language.visual',
      'prompt.text > language.prompt',
      'language.answer > answer.answer',
    ],
  );
}

async function run(instruction: string): Promise<readonly RunEvent[]> {
  const events: RunEvent[] = [];
  const emit = (event: RunEvent): void => void events.push(event);
  const request = { document: graphFor(instruction), runs: 1 };
  valueOf(await executeRun(request, loader, emit, new CancelSwitch()));
  return events;
}

/** What the stages hand on, up to the visual tokens. */
async function lookAt(instruction: string): Promise<{ ids: readonly number[]; seen: Tensor }> {
  const cancel = new CancelSwitch();
  const context = { loader, emit: () => undefined, cancel, baseFolder: folder, threads: 2 };
  const checked = checkGraph(graphFor(instruction), catalogue);
  const plan = valueOf(planGraph(checked, { until: 'qformer' }));
  const values: PassValues = new Map();
  const pass = new Pass(1, context.emit);
  for (const stage of plan.stages) {
    const runner = runnerOf(stage, plan, context);
    valueOf(await runner.load());
    valueOf(await runStage({ stage, runner }, values, pass, cancel));
  }
  const tensorAt = (node: string, port: string): Tensor | undefined => {
    const value = values.get(node)?.[port];
    return value?.kind === 'tensors' ? value.batches[0]?.tensors[''] : undefined;
  };
  return {
    ids: wholesOf(tensorAt('tokenise', 'ids')),
    seen: tensorAt('qformer', 'tokens') as Tensor,
  };
}

const colours = 'Which colours do you see?';
const stars = 'How many stars are in the picture, and where?';

test('another instruction makes other visual tokens of the same picture, and the same one the same', async () => {
  const [first, other, again] = [await lookAt(colours), await lookAt(stars), await lookAt(colours)];
  expect([first.seen.dims, other.seen.dims]).toEqual([
    [1, queryCount, 32],
    [1, queryCount, 32],
  ]);
  expect(other.ids.length).toBeGreaterThan(first.ids.length);
  expect(Math.max(...first.ids, ...other.ids)).toBeLessThan(61);
  expect(floatsOf(again.seen)).toEqual(floatsOf(first.seen));
  const differs = floatsOf(first.seen).filter((number, place) => {
    const moved = Math.abs(number - (floatsOf(other.seen)[place] ?? NaN));
    return moved > 1e-3 * Math.abs(number);
  });
  expect(differs.length).toBeGreaterThan(0.9 * queryCount * 32);
});

test('the language model answers over what was seen, and the Q-Former’s work grows with the instruction', async () => {
  const measured = [await run(colours), await run(stars)];
  const rowOf = (events: readonly RunEvent[], stage: string) =>
    events.find(
      (event) => event.type === 'stage-measured' && event.stage === stage && event.run === 1,
    );
  for (const events of measured) {
    expect(events.find(({ type }) => type === 'answer')).toMatchObject({ node: 'language' });
    expect(rowOf(events, 'qformer')).toMatchObject({ tokensIn: 17, tokensOut: queryCount });
  }
  const answers = measured.map((events) => {
    const answer = events.find((event) => event.type === 'answer');
    return answer?.type === 'answer' ? answer.tokenIds : [];
  });
  expect(answers[0]).toHaveLength(8);
  // Its own question is the same both times.
  expect(answers[1]).not.toEqual(answers[0]);
  const [short, long] = measured.map((events) => {
    const row = rowOf(events, 'qformer');
    return row?.type === 'stage-measured' ? row.flops : 0;
  });
  expect(long).toBeGreaterThan(short ?? Infinity);
});

test.for([
  [
    'a folder without a tokenizer',
    stars,
    folder,
    `${folder} has no tokenizer.json: choose a checkpoint folder that has one, or random weights.`,
  ],
  [
    'the tokenizer of another model',
    stars,
    wordpiece,
    expect.stringMatching(
      /^The tokenizer gives token \d+, what reads it knows tokens up to 60; choose the tokenizer that belongs to it\.$/,
    ),
  ],
] as const)('%s is told at its node before anything is built', async ([, text, at, message]) => {
  const events: RunEvent[] = [];
  const emit = (event: RunEvent): void => void events.push(event);
  const document = graphFor(text, { kind: 'checkpoint', folder: at });
  const ran = await executeRun({ document, runs: 1 }, loader, emit, new CancelSwitch());
  expect(ran.ok ? [] : ran.problems).toMatchObject([
    { code: 'tokenizer-unreadable', node: 'tokenise', message },
  ]);
  const loads = events.filter((event) => event.type === 'stage-loaded');
  expect(loads).toEqual([]);
});
