/** How a language model's graphs are called for a prompt and its answer, foretold: sizes of every call. */
import type { CheckedGraph } from '../graph/check.ts';
import {
  cacheRoom,
  fusedFrom,
  meanDims,
  prefillGraph,
  segmentSymbols,
  type LanguageGraphs,
} from '../node/decoder-protocol.ts';
import type { LanguageModelStep } from '../node/host-step.ts';
import type { BoundaryPart } from '../node/part.ts';
import { prefillChunks, segmentLengths } from '../node/segments.ts';
import { tokensInAll } from '../node/wire.ts';
import type { DimBindings } from '../onnx/value.ts';
import type { Stage } from '../plan/plan.ts';

/** Characters that one token of English text stands for, roughly, in every common tokenizer. */
const charactersPerToken = 4;

export interface LanguageInput {
  readonly visualTokens: number;
  readonly prompt: string;
}

export interface LanguageCalls {
  readonly promptTokens: number;
  readonly visualTokens: number;
  /** Of the longest answer. */
  readonly newTokens: number;
  /** Tokens that all answers feed back. */
  readonly readAgain: number;
  /** Tokens that each segment has cached behind the prompt. */
  readonly cachedTokens: readonly number[];
  /** Sizes of the calls that read the prompt, in order. */
  readonly pieces: readonly PromptPiece[];
  /** Of the first step behind the prompt, and of all of them on the whole: each finds one token more. */
  readonly firstStep: DimBindings;
  readonly meanStep: DimBindings;
}

export interface PromptPiece {
  /** New tokens by segment. */
  readonly fresh: readonly number[];
  /** Without the room for cached tokens, which is state. */
  readonly dims: DimBindings;
  /** Does the fused operator attend, as it does wherever there are many new tokens? */
  readonly isFused: boolean;
  readonly isFirst: boolean;
}

/** What is wired to a language model: visual tokens as they are expected, and the words of its prompt. */
export function languageInput(
  { id, inputs, roles }: Stage,
  checked: CheckedGraph,
  stages: readonly Stage[],
): LanguageInput {
  const visual = roles.visual === undefined ? [] : (checked.nodes[id]?.inputs[roles.visual] ?? []);
  const visualTokens = visual.reduce(
    (sum, wire) => sum + (wire.kind === 'tokens' ? tokensInAll(wire).tokens : 0),
    0,
  );
  const [from] = inputs[roles.prompt ?? ''] ?? [];
  const source = stages.find((stage) => stage.id === from?.stage);
  const isText = source?.body.kind === 'host' && source.body.step.kind === 'give-text';
  return { visualTokens, prompt: isText ? source.body.step.text : '' };
}

export function languageCalls(
  step: LanguageModelStep,
  { visualTokens, prompt }: LanguageInput,
): LanguageCalls {
  const { graphs, boundaries } = step;
  const text = (step.template ?? '{prompt}')
    .replace('<image>', '')
    .replace('{prompt}', () => prompt);
  const promptTokens = Math.max(1, Math.ceil(text.length / charactersPerToken));
  const sequence = promptTokens + visualTokens;
  // The last new token is never fed back, so it needs no place in the context.
  const room = Math.max(1, graphs.contextLength - sequence + 1);
  const answer = answerTokens(step, room);
  const whole = segmentLengths(boundaries, { fresh: sequence, visual: visualTokens }, []);
  const cachedTokens = whole.map(({ fresh }) => fresh);
  const steps = Array.from({ length: Math.max(1, answer.newTokens - 1) }, (_, before) => {
    const cached = cachedTokens.map((tokens) => tokens + before);
    return graphs.decoder.dims(segmentLengths(boundaries, { fresh: 1, visual: 0 }, cached));
  });
  return {
    promptTokens,
    visualTokens,
    ...answer,
    cachedTokens,
    pieces: promptPieces(graphs, boundaries, sequence, visualTokens),
    firstStep: steps[0] ?? {},
    meanStep: meanDims(steps),
  };
}

/** As `prefillChunks` cuts a prompt whose visual tokens come first. */
export function promptPieces(
  graphs: LanguageGraphs,
  boundaries: readonly BoundaryPart[],
  sequence: number,
  visualTokens: number,
): readonly PromptPiece[] {
  const { dims } = prefillGraph(graphs);
  const run = { start: 0, count: visualTokens };
  const chunks = prefillChunks(sequence, boundaries, graphs, visualTokens > 0 ? [run] : []);
  const isPrefix = graphs.promptAttention === 'prefix';
  let before = 0;
  return chunks.map((fresh) => {
    const isFirst = before === 0;
    const isFused = isFirst || (!isPrefix && fresh >= fusedFrom);
    const visual = Math.max(0, Math.min(visualTokens - before, fresh));
    const cached = [0, ...boundaries].map(() => before);
    const lengths = segmentLengths(boundaries, { fresh, visual }, cached);
    before += fresh;
    return { fresh: lengths.map((length) => length.fresh), dims: dims(lengths), isFused, isFirst };
  });
}

/** The last of an answer is not read, whether it is written or given. */
function answerTokens(
  { sampling, choices }: LanguageModelStep,
  room: number,
): Pick<LanguageCalls, 'newTokens' | 'readAgain'> {
  if (choices === null) {
    const newTokens = Math.min(sampling.maxNewTokens, room);
    return { newTokens, readAgain: sampling.answerCount * (newTokens - 1) };
  }
  const tokens = choices.answers.map(({ length }) => Math.ceil(length / charactersPerToken));
  return {
    newTokens: Math.min(room, Math.max(1, ...tokens)),
    readAgain: tokens.reduce((sum, count) => sum + count - 1, 0),
  };
}

/**
 * `dims` with room for `cached` tokens of each segment and those that are to follow, as a call finds it; none where
 * nothing is cached yet.
 */
export function withRoom(
  dims: DimBindings,
  cached: readonly number[],
  following: number,
): DimBindings {
  const rooms = cached.map((tokens, segment) => {
    const symbols = segmentSymbols(segment);
    const room = cacheRoom(tokens, following);
    const window = dims[symbols.windowUnpacked];
    return {
      [symbols.capacity]: room,
      ...(window !== undefined && { [symbols.windowCapacity]: Math.min(room, window) }),
    };
  });
  return Object.assign({ ...dims }, ...rooms) as DimBindings;
}
