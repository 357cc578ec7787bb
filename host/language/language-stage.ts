/** The language model as a stage: several rows of the report, one streamed answer. */
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { LanguagePhase, StageFacts } from '#engine/contract/run-event.ts';
import { countFlops } from '#engine/estimate/model-cost.ts';
import { prefillGraph } from '#engine/node/decoder-protocol.ts';
import { itemsOf, tokensInAll, type WireOf, type WireType } from '#engine/node/wire.ts';
import { segmentLengths } from '#engine/node/segments.ts';
import { isExpertLoad } from '#engine/node/shows.ts';
import type { LanguageModelStep } from '#engine/node/host-step.ts';
import type { Stage } from '#engine/plan/plan.ts';
import { refusable } from '../sessions/load-model.ts';
import { breathe } from '../sessions/progress.ts';
import type { Kept } from '../stages/kept.ts';
import type { StageContext, StageRunner } from '../stages/stage-runner.ts';
import type { StageInputs, StageOutputs } from '../stages/stage-value.ts';
import type { LaidRuns } from '../text/lay-out-runs.ts';
import { layOutViews } from '../text/lay-out-views.ts';
import { wordIds } from '../text/prompt.ts';
import { markers } from '../text/visual-places.ts';
import { choiceTokens, answerContext } from './answer-tokens.ts';
import { writeAnswers, type Answer } from './answer.ts';
import { CallCount } from './call-count.ts';
import { answerPhases } from './decoding.ts';
import { checkDraftVocabulary } from './draft-vocabulary.ts';
import {
  stateFacts,
  type Generation,
  type LanguageStage,
  type LoadedLanguage,
} from './generation.ts';
import { tokenKinds, type HeldPrompt } from './held-prompt.ts';
import { openLanguageText, type LanguageText, type WiredRun } from './language-text.ts';
import { identifyModels, loadLanguage } from './load-language.ts';
import {
  embedSequence,
  visualShares,
  visualSpans,
  type EmbeddedSequence,
  type PromptSequence,
  type VisualSpan,
} from './prompt-sequence.ts';
import { chooseAnswer } from './score-choices.ts';
import { readTokens, visualMarks, type ReadTokens } from './visual-marks.ts';

/** `visualWires` is what is wired to the visual tokens; `prompts` what the last run read, where that is to be reused. */
export function languageStage(
  stage: Stage,
  step: LanguageModelStep,
  context: StageContext,
  visualWires: readonly WireType[],
  prompts: Kept<HeldPrompt> | null,
): StageRunner {
  const row = (phase: LanguagePhase) => `${stage.id}/${phase}`;
  const shared: LanguageStage = { stage, step, context, row, prompts };
  const phases = ['tokenise', 'embed', 'prefill', ...answerPhases(step)] as const;
  let text: LanguageText | null = null;
  let language: LoadedLanguage | null = null;
  let read: ReadTokens = { sizes: [], inOrder: [] };
  return {
    facts: phases.map((phase) => phaseFacts(shared, phase)),
    async preflight(inputs) {
      const keys = await identifyModels(shared);
      if (!keys.ok) return keys;
      const opened = await openLanguageText(step, context.baseFolder);
      if (!opened.ok) return opened;
      const alike = await checkDraftVocabulary(step, opened.value.tokenizer, context.baseFolder);
      if (!alike.ok) return alike;
      text = opened.value;
      const question = questionOf(stage, inputs);
      const runs = expectedRuns(visualWires, question);
      const prompt = text.tokenise(question, runs);
      if (!prompt.ok) return prompt;
      const visualTokens = runs.reduce((sum, { tokens }) => sum + (tokens ?? 1), 0);
      const length = wordIds(prompt.value).length + visualTokens;
      const choices = choiceTokens(text.tokenizer, prompt.value, length, step);
      return choices.ok ? keys : choices;
    },
    async load() {
      const loaded = await loadLanguage(shared);
      if (!loaded.ok) return loaded;
      language = loaded.value;
      // Its warm-up needs no picture and no prompt, so it is over already.
      return ok({ cold: false });
    },
    async run(inputs, pass) {
      if (!language || !text) throw new Error(`"${stage.id}" runs before it is loaded.`);
      const pictures = layPictures(shared, inputs, visualWires);
      read = readTokens(pictures.spans, pictures.laid);
      return generate({ ...shared, text, language, pass }, inputs, pictures);
    },
    marks: () => {
      const seen = language?.model.seen ?? new Map<string, readonly number[]>();
      const loads = [...seen]
        .filter(([tap]) => isExpertLoad(tap))
        .map(([tap, counts]) => [tap, [counts]] as const);
      // Tokens that lie on no grid are no patches.
      const isGrid = visualWires.every((wire) => wire.kind === 'tokens' && wire.grid !== null);
      const onViews = isGrid ? visualMarks(seen, step.boundaries, read) : [];
      return Promise.resolve(ok(new Map([...loads, ...onViews])));
    },
  };
}

/** Of what made the state: prompts may be read by one graph and answers written by another. */
const keyOf = ({ prefill: reader, decoder }: LoadedLanguage): string =>
  [...new Set([reader.loaded.key, decoder.loaded.key])].join(' ');

function phaseFacts({ stage, step, row }: LanguageStage, phase: LanguagePhase): StageFacts {
  const { id, type, title } = stage;
  const hasWeights = phase !== 'tokenise';
  const { decoding } = step;
  const { weights, ...written } = phase === 'draft' && decoding.kind === 'draft' ? decoding : stage;
  const read = phase === 'prefill' ? step.graphs.prefill : undefined;
  const { precision } = read ?? written;
  return {
    id: row(phase),
    node: id,
    type,
    title,
    phase,
    precision: hasWeights ? precision : null,
    weights: hasWeights ? weights : null,
  };
}

function questionOf({ roles }: Stage, inputs: StageInputs): string {
  const [question] = inputs[roles.prompt ?? ''] ?? [];
  return question?.kind === 'text' ? question.text : '';
}

/** Rows of the grid that the tokens of one view lie on; 1 where they lie on none. */
const tokenRowsOf = (wire: WireType | undefined): number =>
  (wire?.kind === 'tokens' ? wire.grid?.rows : undefined) ?? 1;

/**
 * The pictures and clips of all wires. Where only a run can tell how many pictures there are, the question says it that
 * was written with them.
 */
function expectedRuns(wires: readonly WireType[], question: string): readonly WiredRun[] {
  const visual = wires.filter((wire) => wire.kind === 'tokens');
  const counted = visual.filter(({ views }) => views?.mostItems === undefined);
  const others = counted.reduce((sum, { views }) => sum + itemsOf(views), 0);
  const said = question.split(markers.image).length - 1 - others;
  return visual.flatMap((wire) => runsOf(wire, said));
}

/** `said` are the pictures that the question has places for, besides those that are known. */
function runsOf(wire: WireOf<'tokens'>, said: number): readonly WiredRun[] {
  const { views } = wire;
  const mostItems = views?.mostItems;
  const items = mostItems === undefined ? itemsOf(views) : Math.min(Math.max(said, 1), mostItems);
  const { known, tokens } = tokensInAll(wire);
  const run: WiredRun = {
    media: views?.media ?? 'image',
    tokens: known ? tokens / items : null,
    // Before a run nobody knows into which tiles a picture is cut.
    laid: [{ kind: 'views', from: 0, to: 1 }],
  };
  return Array.from({ length: items }, () => run);
}

/** The visual tokens of all pictures and clips, and how each is laid into the prompt. */
interface LaidPictures {
  readonly spans: readonly VisualSpan[];
  readonly laid: LaidRuns;
}

function layPictures(
  { stage, step }: LanguageStage,
  inputs: StageInputs,
  visualWires: readonly WireType[],
): LaidPictures {
  const spans = (inputs[stage.roles.visual ?? ''] ?? []).flatMap((value, wire) =>
    visualSpans(value, tokenRowsOf(visualWires[wire])),
  );
  const laid = spans.map(({ views, tokenRows }) =>
    layOutViews(step.pictureLayout, views, tokenRows),
  );
  return { spans, laid };
}

async function generate(
  generation: Generation,
  inputs: StageInputs,
  pictures: LaidPictures,
): Promise<Outcome<StageOutputs>> {
  const { context } = generation;
  const prompt = await tokenise(generation, inputs, pictures);
  if (!prompt.ok) return prompt;
  const embedded = await embed(generation, prompt.value);
  if (!embedded.ok) return embedded;
  const logits = await prefill(generation, embedded.value);
  if (!logits.ok) return logits;
  // A long prefill holds up the message that cancels.
  await breathe();
  const going = context.cancel.check();
  if (!going.ok) return going;

  const length = embedded.value.embeddings.length / generation.step.graphs.hiddenSize;
  const answers = await answer(generation, prompt.value, logits.value, length);
  if (!answers.ok) return answers;
  const { language, stage, prompts } = generation;
  if (prompts) prompts.leave(keyOf(language), stage.id, language.model.held(embedded.value));
  else language.model.leaveState();
  language.draft?.model.leaveState();
  const { run } = generation.pass;
  for (const told of answers.value) context.emit({ type: 'answer', run, ...told });
  // What is wired behind is given the first.
  const { text, tokenIds } = answers.value[0] as Answer;
  return ok({ answer: { kind: 'answer', text, tokenIds } });
}

/** Behind a prompt of `length` tokens, of which `logits` [V] are the last place's. */
async function answer(
  generation: Generation,
  prompt: PromptSequence,
  logits: Float32Array,
  length: number,
): Promise<Outcome<readonly Answer[]>> {
  const { step, text } = generation;
  const { sampling, graphs } = step;
  if (step.choices !== null) {
    const choices = choiceTokens(text.tokenizer, prompt.prompt, length, step);
    if (!choices.ok) return choices;
    const { ranksBy } = step.choices;
    const chosen = await chooseAnswer(generation, logits, choices.value, ranksBy);
    return chosen.ok ? ok([chosen.value]) : chosen;
  }
  const context = answerContext(text.tokenizer, prompt.prompt, sampling.bias);
  if (!context.ok) return context;
  // New tokens that fit behind the prompt. The last one is never fed back.
  const room = Math.min(sampling.maxNewTokens, graphs.contextLength - length + 1);
  return writeAnswers(generation, { prompt, logits, context: context.value }, room);
}

function tokenise(
  { stage, text, row, pass }: Generation,
  inputs: StageInputs,
  { spans, laid }: LaidPictures,
): Promise<Outcome<PromptSequence>> {
  const runs = spans.map(({ media, count }, run) => ({
    media,
    tokens: count,
    laid: laid[run] ?? [],
  }));
  return pass.span(
    row('tokenise'),
    0,
    () => {
      const prompt = text.tokenise(questionOf(stage, inputs), runs);
      return prompt.ok ? ok({ prompt: prompt.value, visual: visualShares(spans, laid) }) : prompt;
    },
    ({ prompt }) => {
      const tokens = wordIds(prompt).length;
      return { tokensOut: tokens, outputBytes: tokens * 8 };
    },
  );
}

function embed(
  { stage, step, language, row, pass }: Generation,
  sequence: PromptSequence,
): Promise<Outcome<EmbeddedSequence>> {
  return pass.span(
    row('embed'),
    language.embed.ownBytes,
    () => refusable(stage.title, () => embedSequence(language.model, sequence)),
    ({ embeddings }) => ({
      tokensIn: wordIds(sequence.prompt).length,
      tokensOut: embeddings.length / step.graphs.hiddenSize,
      outputBytes: embeddings.byteLength,
    }),
  );
}

async function prefill(
  { stage, step, language, row, pass, context, prompts }: Generation,
  embedded: EmbeddedSequence,
): Promise<Outcome<Float32Array>> {
  const { embeddings, visual } = embedded;
  const { boundaries, graphs, sampling } = step;
  const { model } = language;
  const before = prompts?.take(keyOf(language), stage.id) ?? null;
  const graph = prefillGraph(graphs);
  const calls = new CallCount();
  let from = 0;
  const logits = await pass.span(
    row('prefill'),
    // Room that is there already rises no more.
    language.prefill.ownBytes + model.state.keyValueBytes,
    () => {
      from = before ? model.goOnFrom(before, embedded) : 0;
      model.countIn(calls);
      return refusable(stage.title, () =>
        model.prefill(embeddings, visual, sampling.maxNewTokens, from),
      );
    },
    () => {
      const fresh = embeddings.length / graphs.hiddenSize - from;
      const seen = visual.reduce((sum, { count }) => sum + count, 0);
      const cached = Array.from({ length: graph.segments }, () => from);
      const lengths = segmentLengths(boundaries, { fresh, visual: seen }, cached);
      return {
        tokensIn: fresh,
        tokensOut: lengths.at(-1)?.fresh ?? fresh,
        flops: countFlops(graph.model, graph.dims(lengths)),
        // Weights are read anew for each piece of the prompt.
        movedBytes: calls.movedBytes(graph),
        ...stateFacts(model),
      };
    },
  );
  const { run } = pass;
  if (logits.ok && prompts)
    context.emit({ type: 'prompt-reused', node: stage.id, run, ...tokenKinds(from, visual) });
  return logits;
}
