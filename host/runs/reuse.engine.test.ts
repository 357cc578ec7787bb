/** A second question about the same picture: what was read of it is reused and told, and the answer is that of a fresh run. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GraphDocument, Json } from '#engine/contract/document.ts';
import { reportSchema } from '#engine/contract/report.ts';
import type { RunEvent } from '#engine/contract/run-event.ts';
import type { RunRequest } from '#engine/contract/run-request.ts';
import { foldReport } from '#engine/profile/report.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { Workbench } from '#verify/workbench.ts';
import { withParams } from '../bin/graphs.testing.ts';
import { readPreset } from '../presets.ts';
import { CancelSwitch } from '../sessions/progress.ts';
import { float32 } from '../sessions/sessions.ts';
import { feedsDigest } from '../stages/reused-outputs.ts';
import { executeRun } from './execute-run.ts';
import { LastRun } from './last-run.ts';

let bench: Workbench;
let preset: GraphDocument;

beforeAll(async () => {
  bench = valueOf(await Workbench.open());
  preset = valueOf(await readPreset('shapes-llava'));
});

afterAll(() => bench.close());

const colour = 'what colour is the circle?';
const scene = 'describe the picture.';
const vision = ['encoder', 'projector'];

/** The preset with other parameters of a node. */
const changed = (node: string, params: Readonly<Record<string, Json>>): GraphDocument =>
  withParams(preset, node, params);

/** The preset with a part at its language model. */
function accelerated(type: string, params: Readonly<Record<string, Json>>): GraphDocument {
  const edge = {
    from: { node: 'part', port: 'part' },
    to: { node: 'language', port: 'acceleration' },
  };
  const nodes = { ...preset.nodes, part: { type, version: 1, params } };
  return { ...preset, nodes, edges: [...preset.edges, edge] };
}

const shapes = {
  model: 'shapes-llava',
  weights: { kind: 'checkpoint', folder: 'builtin:shapes-llava' },
} as const;

type Given = Partial<RunRequest> & { readonly isCancelled?: boolean };

/** Cancelled, where it is to be, at the first token of its answer. */
async function attempt(lastRun: LastRun, { isCancelled = false, ...given }: Given) {
  const cancel = new CancelSwitch();
  const events: RunEvent[] = [];
  const emit = (event: RunEvent): void => {
    events.push(event);
    if (isCancelled && event.type === 'token') cancel.cancel();
  };
  const request = { document: preset, runs: 1, reuse: true, ...given };
  const outcome = await executeRun(request, bench.loader, emit, cancel, lastRun);
  return { events, outcome };
}

async function run(lastRun: LastRun, given: Given) {
  const { events, outcome } = await attempt(lastRun, given);
  valueOf(outcome);
  const report = reportSchema.parse(foldReport('Shapes', events));
  const stages = report.stages.filter(({ reused }) => reused).map(({ node }) => node);
  return { report, stages, prompt: report.languageModels[0]?.reused };
}

/** A run that finds nothing to reuse. */
const fresh = (given: Given) => run(new LastRun(), { reuse: false, ...given });

test('another question about the same picture skips the vision and what the prompts begin with', async () => {
  const lastRun = new LastRun();
  const first = await run(lastRun, { prompt: colour });
  expect(first.stages).toEqual([]);
  expect(first.prompt).toEqual({ visual: 0, words: 0 });

  const second = await run(lastRun, { prompt: scene });
  const whole = await fresh({ prompt: scene });
  expect(second.report.answer).toEqual(whole.report.answer);
  expect(second.stages).toEqual(vision);
  const [encoder, ran] = [second, whole].map(({ report }) =>
    report.stages.find(({ node }) => node === 'encoder'),
  );
  expect(encoder?.latencyMs).toMatchObject({ median: 0, runs: 0 });
  expect(encoder?.tokensOut).toBe(ran?.tokensOut);
  // All visual tokens, and "USER:" with the space or line break around the picture.
  expect(second.prompt?.visual).toBe(ran?.tokensOut);
  expect(second.prompt?.words).toBeGreaterThan(1);

  const prefillOf = ({ report }: typeof whole) =>
    report.stages.find(({ phase }) => phase === 'prefill');
  const { visual = 0, words = 0 } = second.prompt ?? {};
  expect(prefillOf(second)?.tokensIn).toBe((prefillOf(whole)?.tokensIn ?? 0) - visual - words);
  expect(prefillOf(second)?.flops).toBeLessThan(prefillOf(whole)?.flops ?? 0);
  expect(whole.prompt).toBeNull();

  // And so on: the run that reused is the last one now.
  const third = await run(lastRun, { prompt: colour });
  expect(third.report.answer).toEqual(first.report.answer);
  expect(third.stages).toEqual(vision);
});

test('several answers and drawn ones are those of a fresh run', async () => {
  const sampling = { strategy: 'sample', temperature: 1.5, answerCount: 3, maxNewTokens: 12 };
  const document = changed('language', sampling);
  const lastRun = new LastRun();
  await run(lastRun, { document, prompt: colour });
  const second = await run(lastRun, { document, prompt: scene });
  expect(second.prompt?.visual).toBeGreaterThan(0);
  const idsOf = ({ report }: typeof second) =>
    report.languageModels[0]?.answers.map(({ tokenIds }) => tokenIds);
  expect(idsOf(second)).toEqual(idsOf(await fresh({ document, prompt: scene })));
});

test.for([
  ['acceleration/draft-model', shapes],
  ['acceleration/early-exit', {}],
] as const)('what is guessed ahead by %s is verified as in a fresh run', async ([type, params]) => {
  const document = accelerated(type, params);
  const lastRun = new LastRun();
  await run(lastRun, { document, prompt: colour });
  const second = await run(lastRun, { document, prompt: scene });
  const whole = await fresh({ document, prompt: scene });
  expect(second.prompt?.visual).toBeGreaterThan(0);
  expect(second.report.answer).toEqual(whole.report.answer);
  expect(second.report.languageModels[0]?.draft).toEqual(whole.report.languageModels[0]?.draft);
});

test('a pruning ranks by the last token, so behind the vision the whole prompt is read', async () => {
  const document = accelerated('acceleration/fastv', {});
  const lastRun = new LastRun();
  await run(lastRun, { document, prompt: colour });
  const second = await run(lastRun, { document, prompt: scene });
  expect(second.stages).toEqual(vision);
  expect(second.prompt).toEqual({ visual: 0, words: 0 });
  expect(second.report.answer).toEqual((await fresh({ document, prompt: scene })).report.answer);
});

describe('nothing of the last run stands', () => {
  const other = { images: [{ kind: 'sample', name: 'shapes-stars' }] } as const;
  const random = { weights: { kind: 'random', seed: 5 } };

  test.for([
    ['for another picture, beyond the words before it', () => other, []],
    [
      'for another template, beyond the vision',
      () => ({ document: changed('language', { template: 'Look: <image>\n{prompt}' }) }),
      vision,
    ],
    ['of an encoder with other weights', () => ({ document: changed('encoder', random) }), []],
    [
      'of a projector with other weights',
      () => ({ document: changed('projector', random) }),
      ['encoder'],
    ],
    [
      'of a language model with other weights',
      () => ({ document: changed('language', random) }),
      vision,
    ],
  ] as const)('%s', async ([, given, stages]) => {
    const lastRun = new LastRun();
    await run(lastRun, { prompt: scene });
    const asked = { prompt: colour, ...given() };
    const second = await run(lastRun, asked);
    expect(second.stages).toEqual(stages);
    expect(second.prompt?.visual).toBe(0);
    expect(second.report.answer).toEqual((await fresh(asked)).report.answer);
  });

  test('that was cancelled, that failed, or that was not to leave anything', async () => {
    const lastRun = new LastRun();
    const spoilers: readonly Given[] = [
      { isCancelled: true },
      { prompt: 'circle '.repeat(3000) },
      { reuse: false },
    ];
    for (const spoiler of spoilers) {
      await run(lastRun, { prompt: scene });
      const { outcome } = await attempt(lastRun, { prompt: colour, ...spoiler });
      expect(outcome.ok).toBe(spoiler.reuse === false);
      const next = await run(lastRun, { prompt: colour });
      expect(next.stages).toEqual([]);
      expect(next.prompt).toEqual({ visual: 0, words: 0 });
    }
  });
});

test('several passes are refused, as nothing would be left for the second to read', async () => {
  const { outcome } = await attempt(new LastRun(), { runs: 2 });
  expect(outcome).toMatchObject({ ok: false, problems: [{ code: 'param-invalid' }] });
});

test('what a graph is given has another name for every other number, size and input', () => {
  const numbers = Float32Array.of(1, 2, 3, 4);
  const nudged = Float32Array.of(1, 2, 3, 4 + 2 ** -21);
  const names = [
    { 'in.pixels': float32(numbers, [1, 4]) },
    { 'in.pixels': float32(nudged, [1, 4]) },
    { 'in.pixels': float32(numbers, [2, 2]) },
    { 'in.tokens': float32(numbers, [1, 4]) },
  ].map(feedsDigest);
  expect(new Set(names).size).toBe(4);
  expect(feedsDigest({ 'in.pixels': float32(Float32Array.from(numbers), [1, 4]) })).toBe(names[0]);
});
