/** The model that comes with Patchbay, guessed for by itself: the answer of the plain run, and a report that says how. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GraphDocument, Json } from '#engine/contract/document.ts';
import { reportSchema } from '#engine/contract/report.ts';
import type { RunEvent } from '#engine/contract/run-event.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { foldReport } from '#engine/profile/report.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { Workbench } from '#verify/workbench.ts';
import { readPreset } from '../presets.ts';
import { executeRun } from '../runs/execute-run.ts';
import { CancelSwitch } from '../sessions/progress.ts';

type Params = Readonly<Record<string, Json>>;

let bench: Workbench;
let preset: GraphDocument;

beforeAll(async () => {
  bench = valueOf(await Workbench.open());
  preset = valueOf(await readPreset('shapes-llava'));
});

afterAll(() => bench.close());

const shapes = {
  model: 'shapes-llava',
  weights: { kind: 'checkpoint', folder: 'builtin:shapes-llava' },
} as const;

const words = sketchDocument(
  {
    prompt: ['input/prompt', { text: 'what is in the picture?' }],
    language: ['language/decoder', { ...shapes, maxNewTokens: 24 }],
    answer: ['output/answer'],
  },
  ['prompt.text > language.prompt', 'language.answer > answer.answer'],
);

/** The graph with a part plugged into its language model. */
function plugged(document: GraphDocument, type: string, params: Params): GraphDocument {
  const edge = {
    from: { node: 'part', port: 'part' },
    to: { node: 'language', port: 'acceleration' },
  };
  const nodes = { ...document.nodes, part: { type, version: 1, params } };
  return { ...document, nodes, edges: [...document.edges, edge] };
}

const draft = (document: GraphDocument, params: Params = {}) =>
  plugged(document, 'acceleration/draft-model', { ...shapes, ...params });

async function run(document: GraphDocument, question?: string) {
  const events: RunEvent[] = [];
  const emit = (event: RunEvent): void => void events.push(event);
  const asked = question === undefined ? {} : { prompt: question };
  const outcome = await executeRun(
    { document, runs: 2, ...asked },
    bench.loader,
    emit,
    new CancelSwitch(),
  );
  if (!outcome.ok) throw new Error(outcome.problems[0]?.message);
  return { events, report: reportSchema.parse(foldReport(document.title, events)) };
}

describe('a draft of the same checkpoint', () => {
  test('is always right, shares the loaded weights, and fills rows of its own', async () => {
    const plain = (await run(words)).report;
    const { events, report } = await run(draft(words));
    expect(plain.answer?.tokenIds.length).toBeGreaterThan(2);
    expect(report.answer).toEqual(plain.answer);

    const [model] = report.languageModels;
    expect(model?.draft?.proposed).toBeGreaterThan(0);
    expect(model?.draft?.accepted).toBe(model?.draft?.proposed);
    expect(model?.answer).toEqual(plain.answer);
    expect(plain.languageModels[0]?.draft).toBeNull();

    const rows = report.stages.filter(({ node }) => node === 'language');
    expect(rows.map(({ id, phase }) => [id, phase])).toEqual(
      ['tokenise', 'embed', 'prefill', 'draft', 'verify'].map((phase) => [
        `language/${phase}`,
        phase,
      ]),
    );
    const [drafting, verifying] = rows.slice(-2);
    expect(drafting?.tokensOut).toBe(model?.draft?.proposed);
    expect(verifying?.tokensOut).toBe(report.answer?.tokenIds.length);
    for (const row of [drafting, verifying]) {
      expect(row?.latencyMs.median).toBeGreaterThan(0);
      expect(row?.flops).toBeGreaterThan(0);
      expect(row?.memory.stateBytes).toBeGreaterThan(0);
    }
    const spentMs = (drafting?.latencyMs.median ?? 0) + (verifying?.latencyMs.median ?? 0);
    expect(model?.decodeTokensPerSecond).toBeCloseTo(
      ((verifying?.tokensOut ?? 0) - 1) / (spentMs / 1000),
      6,
    );

    const loaded = events.filter((event) => event.type === 'stage-loaded');
    expect(loaded.find(({ stage }) => stage === 'language/draft')).toMatchObject({
      found: 'loaded',
    });
  });

  test('that sees the picture is always right, and one that reads the words only changes nothing', async () => {
    for (const question of ['what colour is the circle?', 'describe the picture.']) {
      const plain = (await run(preset, question)).report;
      const seeing = (await run(draft(preset, { reads: 'words-and-picture' }), question)).report;
      expect(seeing.answer).toEqual(plain.answer);
      const [sure] = seeing.languageModels;
      expect(sure?.draft?.accepted).toBe(sure?.draft?.proposed);
      for (const draftLength of [1, 4]) {
        const blind = (await run(draft(preset, { draftLength }), question)).report;
        expect(blind.answer).toEqual(plain.answer);
        expect(blind.languageModels[0]?.draft).not.toBeNull();
      }
    }
  });

  test('drawn by the same seed, writes what is drawn without it', async () => {
    const sampled = (document: GraphDocument): GraphDocument => {
      const { language } = document.nodes;
      const params = { ...language?.params, strategy: 'sample', temperature: 1.5, seed: 5 };
      return {
        ...document,
        nodes: { ...document.nodes, language: { type: 'language/decoder', version: 1, params } },
      };
    };
    const plain = (await run(sampled(words))).report;
    const { report } = await run(sampled(draft(words)));
    expect(plain.answer).not.toEqual((await run(words)).report.answer);
    expect(report.answer).toEqual(plain.answer);
    expect(report.languageModels[0]?.draft?.accepted).toBe(
      report.languageModels[0]?.draft?.proposed,
    );
  });
});

test('a draft of packed weights is another model, loaded beside the first', async () => {
  const { events, report } = await run(draft(words, { precision: 'int8' }));
  expect(report.answer).toEqual((await run(words)).report.answer);
  const loaded = events.find(
    (event) => event.type === 'stage-loaded' && event.stage === 'language/draft',
  );
  expect(loaded).toMatchObject({ found: 'built' });
  const row = report.stages.find(({ phase }) => phase === 'draft');
  expect(row).toMatchObject({ precision: 'int8', weights: 'checkpoint' });
});

test('in w8a8, whose rounding goes token by token, guesses are verified as the model would have written', async () => {
  const rounded = { ...words, nodes: { ...words.nodes } };
  const language = rounded.nodes['language'];
  if (!language) throw new Error('The graph has a language model.');
  rounded.nodes['language'] = { ...language, params: { ...language.params, precision: 'w8a8' } };
  const { report } = await run(draft(rounded, { precision: 'w8a8' }));
  expect(report.answer).toEqual((await run(rounded)).report.answer);
  const { draft: facts } = report.languageModels[0] ?? {};
  expect(facts?.accepted).toBe(facts?.proposed);
});

test('a draft of random weights guesses in vain, and the words still mean something', async () => {
  const { report } = await run(draft(words, { weights: { kind: 'random', seed: 3 } }));
  expect(report.answer).toEqual((await run(words)).report.answer);
  const [model] = report.languageModels;
  expect(model?.draft?.accepted).toBe(0);
  expect(model?.hasRandomWeights).toBe(false);
  const weights = report.stages.map(({ phase, weights: kind }) => [phase, kind]);
  expect(weights).toContainEqual(['draft', 'random']);
  expect(weights).toContainEqual(['verify', 'checkpoint']);
});

test('early exit writes the same, from the weights of one model', async () => {
  const question = 'describe the picture.';
  const plain = (await run(preset, question)).report;
  for (const layer of [2, 5]) {
    const exiting = plugged(preset, 'acceleration/early-exit', { layer, draftLength: 3 });
    const { report } = await run(exiting, question);
    expect(report.answer).toEqual(plain.answer);
    expect(report.languageModels[0]?.draft?.proposed).toBeGreaterThan(0);
    const weights = report.stages.filter(({ phase }) => phase === 'draft' || phase === 'verify');
    const [one, other] = weights.map(({ memory }) => memory.weightsBytes);
    expect(one).toBe(other);
    // A guess runs the first layers only; the first token of an answer is verified by none.
    const [guessing, verifying] = weights;
    const guess = (guessing?.flops ?? 0) / (guessing?.tokensOut ?? 0);
    expect(guess).toBeLessThan((verifying?.flops ?? 0) / ((verifying?.tokensOut ?? 0) - 1));
  }
});
