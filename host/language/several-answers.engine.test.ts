/** The model that comes with Patchbay: stopped at strings, biased, asked for several answers, and given some to choose from. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GraphDocument, Json } from '#engine/contract/document.ts';
import { reportSchema } from '#engine/contract/report.ts';
import type { RunEvent } from '#engine/contract/run-event.ts';
import { foldReport } from '#engine/profile/report.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { Workbench } from '#verify/workbench.ts';
import { withParams } from '../bin/graphs.testing.ts';
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

const scene = 'describe the picture.';
const colour = 'what colour is the circle?';

/** The preset with other parameters of its language model. */
const answering = (params: Params): GraphDocument => withParams(preset, 'language', params);

function drafted(document: GraphDocument): GraphDocument {
  const shapes = {
    model: 'shapes-llava',
    weights: { kind: 'checkpoint', folder: 'builtin:shapes-llava' },
  } as const;
  const edge = {
    from: { node: 'part', port: 'part' },
    to: { node: 'language', port: 'acceleration' },
  };
  const part = { type: 'acceleration/draft-model', version: 1, params: shapes };
  return { ...document, nodes: { ...document.nodes, part }, edges: [...document.edges, edge] };
}

async function run(document: GraphDocument, prompt: string) {
  const events: RunEvent[] = [];
  const emit = (event: RunEvent): void => void events.push(event);
  const outcome = await executeRun(
    { document, runs: 1, prompt },
    bench.loader,
    emit,
    new CancelSwitch(),
  );
  if (!outcome.ok) throw new Error(outcome.problems[0]?.message);
  const report = reportSchema.parse(foldReport(document.title, events));
  const [model] = report.languageModels;
  if (!model) throw new Error('No language model ran.');
  return { events, report, model };
}

/** What each answer of the timed run showed, token by token. */
function streamed(events: readonly RunEvent[]): readonly (readonly string[])[] {
  const told: string[][] = [];
  for (const event of events) {
    if (event.type === 'token' && event.run === 1) (told[event.index] ??= []).push(event.text);
  }
  return told;
}

describe('stop strings', () => {
  test('end the text wherever its tokens begin and end, and no part of one is shown', async () => {
    const { text } = (await run(preset, scene)).report.answer as { text: string };
    expect(text.length).toBeGreaterThan(60);
    // Within a word, over several words, and where only the last of several is found.
    for (const stop of [text.slice(20, 23), text.slice(9, 31), text.slice(-3)]) {
      const stops = `never\n${stop}\nnor ever`;
      const cut = text.slice(0, text.indexOf(stop));
      for (const document of [answering({ stops }), drafted(answering({ stops }))]) {
        const { events, report } = await run(document, scene);
        expect(report.answer?.text).toBe(cut.trim());
        let shown = '';
        for (const piece of streamed(events)[0] ?? [])
          expect(cut.startsWith((shown += piece).trimStart())).toBe(true);
        expect(shown.trim()).toBe(cut.trim());
      }
    }
  });
});

test('a text that is banned is written neither as a word nor within one, with or without a draft', async () => {
  const { answer } = (await run(preset, colour)).report;
  expect(answer?.text).toBe('red');
  const banned = answering({ adjustsLogits: true, logitBias: 'red: -100\ngreen: 50' });
  const other = (await run(banned, colour)).report.answer;
  expect(other?.text).toMatch(/^(green ?)+$/);
  expect((await run(drafted(banned), colour)).report.answer).toEqual(other);
});

test('several answers are drawn behind a prompt that is read once, each told and timed by itself', async () => {
  const sample = { strategy: 'sample', temperature: 6, minP: 0.02, seed: 3, maxNewTokens: 24 };
  const one = await run(answering(sample), scene);
  const several = await run(answering({ ...sample, answerCount: 4 }), scene);
  const { answers } = several.model;
  expect(answers).toHaveLength(4);
  expect(new Set(answers.map(({ text }) => text)).size).toBeGreaterThan(1);
  expect(several.model.answer).toEqual(one.model.answer);
  expect(several.report.answer).toEqual(one.model.answer);
  const two = await run(answering({ ...sample, answerCount: 2 }), scene);
  const idsOf = ({ tokenIds }: { tokenIds: number[] }) => tokenIds;
  expect(two.model.answers.map(idsOf)).toEqual(answers.slice(0, 2).map(idsOf));

  const said = streamed(several.events).map((pieces) => pieces.join('').trim());
  expect(said).toEqual(answers.map(({ text }) => text));
  const row = (phase: string) => several.report.stages.find((each) => each.phase === phase);
  const prompt = one.report.stages.find(({ phase }) => phase === 'prefill');
  expect(row('prefill')).toMatchObject({ tokensIn: prompt?.tokensIn, flops: prompt?.flops });
  const tokens = answers.reduce((sum, { tokenIds }) => sum + tokenIds.length, 0);
  expect(row('decode')?.tokensOut).toBe(tokens);
  const decodeMs = row('decode')?.latencyMs.median ?? 0;
  const writingMs = answers.reduce((sum, each) => sum + each.writingMs, 0);
  expect(Math.min(...answers.map((each) => each.writingMs))).toBeGreaterThan(0);
  expect(writingMs).toBeLessThanOrEqual(decodeMs);
  expect(several.model.decodeTokensPerSecond).toBeCloseTo((tokens - 4) / (decodeMs / 1000), 6);

  // A draft reads the prompt once too, and its guesses for all answers are told together.
  const guessed = await run(drafted(answering({ ...sample, answerCount: 4 })), scene);
  expect(guessed.model.answers.map(idsOf)).toEqual(answers.map(idsOf));
  const draft = guessed.report.stages.find(({ phase }) => phase === 'draft');
  expect(draft?.tokensOut).toBe(guessed.model.draft?.proposed);
});

describe('choices', () => {
  const choosing = (choices: string, choiceScore = 'sum') =>
    answering({ strategy: 'choices', choices, choiceScore });

  test('are tokens as the model writes them, and the likeliest is the answer', async () => {
    const written = (await run(preset, colour)).report.answer;
    const { report, model, events } = await run(choosing('blue\nred\ngreen'), colour);
    expect(report.answer?.text).toBe('red');
    // The model's own answer ends with the end of text.
    expect(report.answer?.tokenIds).toEqual(written?.tokenIds.slice(0, -1));
    expect(model.choices?.scores.map(({ text }) => text)).toEqual(['blue', 'red', 'green']);
    const [blue, red, green] = model.choices?.scores.map(({ sum }) => Math.exp(sum)) ?? [];
    expect(red).toBeGreaterThan(0.99);
    expect((blue ?? 1) + (red ?? 1) + (green ?? 1)).toBeLessThanOrEqual(1);
    expect(streamed(events)).toEqual([]);
    expect(model).toMatchObject({ timeToFirstTokenMs: null, decodeTokensPerSecond: null });
    expect(
      report.stages.filter(({ node }) => node === 'language').map(({ phase }) => phase),
    ).toEqual(['tokenise', 'embed', 'prefill', 'score']);
    const score = report.stages.find(({ phase }) => phase === 'score');
    expect(score?.tokensIn).toBe(
      model.choices?.scores.reduce((sum, { tokens }) => sum + tokens, 0),
    );
  });

  test('do not hang on one another, and a mean is not swayed by length', async () => {
    const long = (await run(preset, scene)).report.answer?.text ?? '';
    const lines = ['a', 'a large', long];
    const together = await run(choosing(lines.join('\n')), scene);
    const turned = await run(choosing(lines.toReversed().join('\n')), scene);
    const sums = (each: typeof together) => each.model.choices?.scores.map(({ sum }) => sum) ?? [];
    for (const [index, sum] of sums(turned).toReversed().entries())
      expect(sum).toBeCloseTo(sums(together)[index] as number, 5);
    // What begins an answer is at least as likely as the whole.
    expect(sums(together)).toEqual(sums(together).toSorted((a, b) => b - a));
    expect(together.report.answer?.text).toBe('a');
    const means = (await run(choosing(lines.join('\n'), 'mean'), scene)).model.choices;
    for (const { sum, mean, tokens } of means?.scores ?? []) expect(mean).toBe(sum / tokens);
  });

  test('leave a draft aside, and say so', async () => {
    const { report } = await run(drafted(choosing('blue\nred')), colour);
    expect(report.answer?.text).toBe('red');
    expect(report.problems).toMatchObject([{ code: 'parts-conflict', severity: 'warning' }]);
    expect(report.languageModels[0]?.draft).toBeNull();
  });

  test('that do not fit behind the prompt are told before anything is loaded', async () => {
    const document = choosing(`red\n${'red '.repeat(3000)}`);
    await expect(run(document, colour)).rejects.toThrow(/shorten the prompt or the choice/);
  });
});
