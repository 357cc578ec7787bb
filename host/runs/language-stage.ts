/** The language model as a stage: four rows of the report, one streamed answer. */
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import { decoderDims } from '#engine/estimate/language-model.ts';
import { countFlops } from '#engine/estimate/model-cost.ts';
import type { LanguageModelStep } from '#engine/plan/host-step.ts';
import type { Stage } from '#engine/plan/plan.ts';
import type { WireType } from '#engine/graph/wire.ts';
import { seededRandom } from '#engine/seeded-random.ts';
import { threadCount } from '../machine.ts';
import { AnswerStream } from '../text/answer-stream.ts';
import type { Prompt } from '../text/prompt.ts';
import { holdModel, isCold, settleModel, type HeldModel } from './held-model.ts';
import { embedTokens, LanguageModel, type VisualTokens } from './language-model.ts';
import { openLanguageText, type LanguageText } from './language-text.ts';
import { refusable } from './load-model.ts';
import type { Pass } from './pass.ts';
import { breathe } from './progress.ts';
import { nextToken } from './sampling.ts';
import type { StageContext, StageRunner } from './stage-runner.ts';
import { tokensOf, type StageOutputs, type StageValue } from './stage-value.ts';

/** A warm-up touches every weight; how long its sequence is does not matter. */
const warmUpTokens = 8;

interface LoadedLanguage {
  readonly embed: HeldModel;
  readonly decoder: HeldModel;
  readonly model: LanguageModel;
}

/** `visualWire` is what is wired to the visual tokens, if anything is. */
export function languageStage(
  stage: Stage,
  step: LanguageModelStep,
  context: StageContext,
  visualWire: WireType | undefined,
): StageRunner {
  const row = (phase: string) => `${stage.id}/${phase}`;
  const facts = (['tokenise', 'embed', 'prefill', 'decode'] as const).map((phase) => ({
    id: row(phase),
    node: stage.id,
    type: stage.type,
    title: `${stage.title} · ${phase}`,
    precision: phase === 'tokenise' ? null : stage.precision,
    weights: phase === 'tokenise' ? null : stage.weights,
  }));
  let text: LanguageText | null = null;
  let language: LoadedLanguage | null = null;

  return {
    facts,
    async preflight(inputs) {
      const keys = await identifyModels(step, context);
      if (!keys.ok) return keys;
      const opened = await openLanguageText(step, context.baseFolder);
      if (!opened.ok) return opened;
      text = opened.value;
      const question = inputs['prompt'];
      const expected = expectedVisualTokens(visualWire);
      const prompt = text.tokenise(question?.kind === 'text' ? question.text : '', expected);
      return prompt.ok ? keys : prompt;
    },
    async load() {
      const loaded = await loadLanguage(stage, step, row, context);
      if (!loaded.ok) return loaded;
      language = loaded.value;
      // Its warm-up needs no picture and no prompt, so it is over already.
      return ok({ cold: false });
    },
    async run(inputs, pass) {
      if (!language || !text) throw new Error(`"${stage.id}" runs before it is loaded.`);
      return generate({ stage, step, row, context, text, language, inputs, pass });
    },
  };
}

/** Null where only a run can tell. */
function expectedVisualTokens(wire: WireType | undefined): number | null {
  if (wire?.kind !== 'tokens') return 0;
  return wire.count.known ? wire.count.tokens : null;
}

type Row = (phase: string) => string;

// A row of the table is too little work to share between threads.
const embedThreads = 1;

async function identifyModels(
  { embed, decoder }: LanguageModelStep,
  { loader, baseFolder }: StageContext,
): Promise<Outcome<readonly string[]>> {
  const embedKey = await loader.identify(embed, embedThreads, baseFolder);
  if (!embedKey.ok) return embedKey;
  const decoderKey = await loader.identify(decoder, threadCount, baseFolder);
  return decoderKey.ok ? ok([embedKey.value, decoderKey.value]) : decoderKey;
}

/** Loads one model after the other, each warmed up before the next, so that its memory is its own. */
async function loadLanguage(
  stage: Stage,
  step: LanguageModelStep,
  row: Row,
  context: StageContext,
): Promise<Outcome<LoadedLanguage>> {
  const embedTitle = `${stage.title} · embedding`;
  const embed = await holdModel(row('embed'), step.embed, embedTitle, embedThreads, context);
  if (!embed.ok) return embed;
  const ids = Array.from({ length: warmUpTokens }, (_, index) => index % step.vocabularySize);
  const { session } = embed.value.loaded;
  const embedded = await refusable(stage.title, () => embedTokens(session, ids));
  if (!embedded.ok) return embedded;
  settleModel(row('embed'), embed.value, context);

  const decoder = await holdModel(row('prefill'), step.decoder, stage.title, threadCount, context);
  if (!decoder.ok) return decoder;
  const model = new LanguageModel(step, session, decoder.value.loaded.session);
  if (isCold(decoder.value)) {
    context.emit({ type: 'stage-progress', stage: row('prefill'), phase: 'warming-up', run: 0 });
    const warmed = await refusable(stage.title, async () => {
      await model.prefill(embedded.value, null, 1);
      await model.decode(0, 0);
    });
    if (!warmed.ok) return warmed;
  }
  for (const phase of ['prefill', 'decode']) settleModel(row(phase), decoder.value, context);
  return ok({ embed: embed.value, decoder: decoder.value, model });
}

interface Generation {
  readonly stage: Stage;
  readonly step: LanguageModelStep;
  readonly row: Row;
  readonly context: StageContext;
  readonly text: LanguageText;
  readonly language: LoadedLanguage;
  readonly inputs: StageOutputs;
  readonly pass: Pass;
}

async function generate(generation: Generation): Promise<Outcome<StageOutputs>> {
  const { stage, step, row, context, text, language, inputs, pass } = generation;
  const { model, embed, decoder } = language;
  const question = inputs['prompt'] as Extract<StageValue, { kind: 'text' }>;
  const visualCount = tokensOf(inputs['visual']) ?? 0;

  const prompt = await pass.span(
    row('tokenise'),
    0,
    () => text.tokenise(question.text, visualCount),
    ({ before, after }) => {
      const tokens = before.length + after.length;
      return { tokensOut: tokens, outputBytes: tokens * 8 };
    },
  );
  if (!prompt.ok) return prompt;

  const embeddings = await pass.span(
    row('embed'),
    embed.ownBytes,
    () =>
      refusable(stage.title, () =>
        embedSequence(model, prompt.value, inputs['visual'], step.hiddenSize),
      ),
    (sequence) => ({
      tokensIn: prompt.value.before.length + prompt.value.after.length,
      tokensOut: sequence.length / step.hiddenSize,
      outputBytes: sequence.byteLength,
    }),
  );
  if (!embeddings.ok) return embeddings;

  const length = embeddings.value.length / step.hiddenSize;
  const visual: VisualTokens | null =
    visualCount === 0
      ? null
      : {
          start: prompt.value.before.length,
          count: visualCount,
          kept: step.acceleration?.keptTokens(visualCount) ?? visualCount,
        };
  const kept = length - (visual ? visual.count - visual.kept : 0);
  const prefilled = await pass.span(
    row('prefill'),
    decoder.ownBytes,
    () =>
      refusable(stage.title, () =>
        model.prefill(embeddings.value, visual, step.sampling.maxNewTokens),
      ),
    () => ({
      tokensIn: length,
      tokensOut: kept,
      flops: prefillFlops(step, length, kept, visual),
      keyValueBytes: model.keyValueBytes,
    }),
  );
  if (!prefilled.ok) return prefilled;
  // A long prefill holds up the message that cancels.
  await breathe();
  const going = context.cancel.check();
  if (!going.ok) return going;

  const most = contextRoom(step, length);
  const answer = await pass.span(
    row('decode'),
    decoder.ownBytes,
    () => {
      context.emit({
        type: 'stage-progress',
        stage: row('decode'),
        phase: pass.phase,
        run: pass.run,
        done: 0,
        total: most,
        unit: 'tokens',
      });
      return decodeAnswer(generation, prefilled.value, most);
    },
    ({ tokenIds }) => ({
      tokensIn: null,
      tokensOut: tokenIds.length,
      flops: decodeFlops(step, length, kept, tokenIds.length),
      keyValueBytes: model.keyValueBytes,
    }),
  );
  if (!answer.ok) return answer;
  const { text: written, tokenIds } = answer.value;
  context.emit({ type: 'answer', run: pass.run, text: written, tokenIds });
  return ok({ answer: { kind: 'answer', text: written, tokenIds } });
}

/** Text embeddings with the visual tokens between them, [T, D]. */
async function embedSequence(
  model: LanguageModel,
  { before, after }: Prompt,
  visual: StageValue | undefined,
  hiddenSize: number,
): Promise<Float32Array> {
  const words = await model.embed([...before, ...after]);
  if (visual?.kind !== 'tensors') return words;
  const picture = visual.tensors['']?.data as Float32Array;
  const cut = before.length * hiddenSize;
  const sequence = new Float32Array(words.length + picture.length);
  sequence.set(words.subarray(0, cut));
  sequence.set(picture, cut);
  sequence.set(words.subarray(cut), cut + picture.length);
  return sequence;
}

/** New tokens that fit behind a prompt of `length`. The last one is never fed back. */
function contextRoom({ contextLength, sampling }: LanguageModelStep, length: number): number {
  return Math.min(sampling.maxNewTokens, contextLength - length + 1);
}

async function decodeAnswer(
  { step, text, language, pass, context }: Generation,
  firstLogits: Float32Array,
  most: number,
): Promise<Outcome<{ text: string; tokenIds: readonly number[] }>> {
  const { sampling } = step;
  const random = seededRandom(sampling.seed);
  const stream = new AnswerStream(text.tokenizer);
  const ends = new Set(sampling.stopAtEndOfText ? text.tokenizer.endOfTextIds : []);
  const tokenIds: number[] = [];
  let logits = firstLogits;
  for (;;) {
    const id = nextToken(logits, sampling, random);
    tokenIds.push(id);
    pass.firstToken();
    context.emit({ type: 'token', run: pass.run, id, text: stream.push(id) });
    if (ends.has(id) || tokenIds.length >= most) break;
    // Each session call lets the event loop turn, so a message that cancels has been heard by now.
    const going = context.cancel.check();
    if (!going.ok) return going;
    const next = await refusable('Language model', () =>
      language.model.decode(id, most - tokenIds.length),
    );
    if (!next.ok) return next;
    logits = next.value;
  }
  const rest = stream.finish();
  if (rest !== '')
    context.emit({ type: 'token', run: pass.run, id: tokenIds.at(-1) ?? 0, text: rest });
  // Many tokenizers begin an answer with the space that follows the prompt.
  return ok({ text: stream.text.trim(), tokenIds });
}

function prefillFlops(
  step: LanguageModelStep,
  sequence: number,
  kept: number,
  visual: VisualTokens | null,
): number {
  const dims = decoderDims(step, { sequence, kept, cached: 0, keptCached: 0 });
  const seen = {
    visual: visual?.count ?? 0,
    keptVisual: visual?.kept ?? 0,
  };
  return countFlops(step.decoder, { ...dims, ...seen });
}

/** All steps of decode; each looks at one token more. */
function decodeFlops(
  step: LanguageModelStep,
  length: number,
  kept: number,
  newTokens: number,
): number {
  const steps = Math.max(0, newTokens - 1);
  const middle = { cached: length + (steps - 1) / 2, keptCached: kept + (steps - 1) / 2 };
  const dims = decoderDims(step, { sequence: 1, kept: 1, ...middle });
  return steps * countFlops(step.decoder, { ...dims, visual: 0, keptVisual: 0 });
}
