/**
 * What guessing ahead costs beyond its sessions: a language model is guessed for by itself, so that every guess is kept,
 * through a whole run in this process (tokeniser, cancelling, streaming). The time from step to step is held against its
 * bound, the costs of the calls that a step makes, measured apart: one look of the model at k + 1 tokens, and k guesses
 * of the draft, the first of which reads two tokens. Both in turn, medians of all rounds.
 */
import type { GraphDocument } from '#engine/contract/document.ts';
import type { RunEvent } from '#engine/contract/run-event.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { median } from '#engine/profile/statistics.ts';
import { formatTable } from '#host/bin/terminal/table.ts';
import { cacheFolder } from '#host/cache/cache-folder.ts';
import { StageCache } from '#host/cache/stage-cache.ts';
import type { LanguageModel } from '#host/language/language-model.ts';
import { executeRun } from '#host/runs/execute-run.ts';
import { ModelLoader } from '#host/sessions/load-model.ts';
import { CancelSwitch } from '#host/sessions/progress.ts';
import { describeMachine } from '#host/system/machine.ts';
import { draftedStep, openModel } from './open-models.ts';

const rounds = 15;
const steps = 12;
const draftLengths = [1, 2, 4, 8];
/** The stand-in tokenizer makes one token of each short word. */
const promptTokens = 64;

const models = [
  {
    title: 'Shapes LLaVA, float32',
    params: { model: 'shapes-llava', precision: 'float32' },
    choosing: {},
  },
  {
    title: 'TinyLlama 1.1B, int4',
    params: { model: 'tinyllama-1.1b', precision: 'int4', blockSize: '128' },
    // Random weights give many tokens nearly the same logit, which calls of one and of several tokens round unlike.
    choosing: { adjustsLogits: true, logitBias: 'word: 100' },
  },
] as const;
type Model = (typeof models)[number];

function guessedByItself({ title, params, choosing }: Model, draftLength: number): GraphDocument {
  const text = Array.from({ length: promptTokens }, () => 'word').join(' ');
  // The first token comes out of the prompt, and each step writes its guesses and one more.
  const maxNewTokens = 1 + steps * (draftLength + 1);
  const sketch = sketchDocument(
    {
      prompt: ['input/prompt', { text }],
      draft: ['acceleration/draft-model', { ...params, draftLength }],
      language: [
        'language/decoder',
        { ...params, ...choosing, template: '{prompt}', maxNewTokens, stopAtEndOfText: false },
      ],
      answer: ['output/answer'],
    },
    [
      'prompt.text > language.prompt',
      'draft.part > language.acceleration',
      'language.answer > answer.answer',
    ],
  );
  return { ...sketch, title };
}

/** Milliseconds from step to step, by the moments at which the first token of each is told. */
async function measureSteps(
  document: GraphDocument,
  draftLength: number,
  loader: ModelLoader,
): Promise<readonly number[]> {
  const told: number[] = [];
  let facts: Extract<RunEvent, { type: 'answer' }>['draft'] = null;
  const emit = (event: RunEvent): void => {
    if (event.type === 'token') told.push(performance.now());
    if (event.type === 'answer') facts = event.draft;
  };
  const run = await executeRun({ document, runs: 1 }, loader, emit, new CancelSwitch());
  if (!run.ok) throw new Error(JSON.stringify(run.problems));
  const { proposed, accepted } = facts ?? { proposed: 0, accepted: -1 };
  if (proposed !== accepted) throw new Error(`Only ${accepted} of ${proposed} guesses were kept.`);
  // The last token of the answer may be told once more, with what is left of its text.
  const firsts = told.filter((_, place) => place % (draftLength + 1) === 1).slice(0, steps);
  return firsts.slice(1).map((ms, step) => ms - (firsts[step] as number));
}

interface Costs {
  readonly verifyMs: number;
  readonly draftMs: number;
}

/** Medians of the calls of as many steps, over as many cached tokens. */
async function measureCalls(
  model: LanguageModel,
  draft: LanguageModel,
  draftLength: number,
): Promise<Costs> {
  const prompt = await model.embed(Array.from({ length: promptTokens }, () => 7));
  const room = steps * (draftLength + 1);
  for (const each of [model, draft]) await each.prefill(prompt, [], room);
  const timed = async (into: number[], work: () => Promise<unknown>): Promise<void> => {
    const startMs = performance.now();
    await work();
    into.push(performance.now() - startMs);
  };
  const looked = Array.from({ length: draftLength + 1 }, () => 7);
  const looks: number[] = [];
  const first: number[] = [];
  const others: number[] = [];
  for (let step = 0; step < steps; step++) {
    await timed(first, () => draft.extend([7, 7], 'last', room));
    for (let guess = 1; guess < draftLength; guess++)
      await timed(others, () => draft.extend([7], 'last', room));
    await timed(looks, () => model.extend(looked, 'all', room));
  }
  return {
    verifyMs: median(looks),
    draftMs: median(first) + (draftLength - 1) * median(others),
  };
}

async function measure(model: Model, draftLength: number, loader: ModelLoader) {
  const document = guessedByItself(model, draftLength);
  const { graphs, decoding } = draftedStep(document);
  // What comes first builds, loads and warms up; it is not counted.
  await measureSteps(document, draftLength, loader);
  const own = await openModel(graphs, loader);
  const draft = await openModel(decoding.graphs, loader);
  const measured: (Costs & { readonly boundMs: number; readonly stepMs: number })[] = [];
  for (let round = 0; round < rounds; round++) {
    const stepMs = median(await measureSteps(document, draftLength, loader));
    const costs = await measureCalls(own, draft, draftLength);
    measured.push({ ...costs, stepMs, boundMs: costs.verifyMs + costs.draftMs });
  }
  const middle = (of: (round: (typeof measured)[number]) => number) => median(measured.map(of));
  return {
    title: model.title,
    draftLength,
    verifyMs: middle(({ verifyMs }) => verifyMs),
    draftMs: middle(({ draftMs }) => draftMs),
    boundMs: middle(({ boundMs }) => boundMs),
    stepMs: middle(({ stepMs }) => stepMs),
    // Each round's own ratio, so that a machine that slows down slows both sides.
    ratio: middle(({ stepMs, boundMs }) => stepMs / boundMs),
  };
}

const cache = await StageCache.open(cacheFolder());
if (!cache.ok) throw new Error(JSON.stringify(cache.problems));
const loader = new ModelLoader(cache.value);
const wanted = process.argv[2];
const rows: Awaited<ReturnType<typeof measure>>[] = [];
for (const model of models)
  for (const draftLength of draftLengths)
    if (wanted === undefined || wanted === model.params.model)
      rows.push(await measure(model, draftLength, loader));
const { cpu, threads, onnxRuntime } = describeMachine();
console.log(
  `${cpu}, ${threads} threads, ONNX Runtime ${onnxRuntime}, medians of ${rounds} rounds of ${steps} steps`,
);
console.log(
  formatTable(
    [
      { title: 'milliseconds a step', align: 'left', text: ({ title }) => title },
      { title: 'guesses', align: 'right', text: ({ draftLength }) => String(draftLength) },
      { title: 'verify', align: 'right', text: ({ verifyMs }) => verifyMs.toFixed(2) },
      { title: 'draft', align: 'right', text: ({ draftMs }) => draftMs.toFixed(2) },
      { title: 'bound', align: 'right', text: ({ boundMs }) => boundMs.toFixed(2) },
      { title: 'step', align: 'right', text: ({ stepMs }) => stepMs.toFixed(2) },
      { title: 'step / bound', align: 'right', text: ({ ratio }) => ratio.toFixed(3) },
    ],
    rows,
  ),
);
