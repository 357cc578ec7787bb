/** Prefill, decode and state of a language model, estimated. */
import {
  handedOverBytes,
  meanDims,
  prefillGraph,
  stateBytes,
  type LanguageGraphs,
} from '../node/decoder-protocol.ts';
import { prefillChunks, segmentLengths } from '../node/segments.ts';
import type { StageModel } from '../onnx/model.ts';
import type { LanguageModelStep } from '../node/host-step.ts';
import type { BoundaryPart, DraftPart } from '../node/part.ts';
import {
  countFlops,
  countIdleParameters,
  countParameters,
  isSameModel,
  peakActivationBytes,
  residentWeightBytes,
  weightBytes,
} from './model-cost.ts';
import type { LanguageEstimate, StageCost } from './stage-cost.ts';

/** Characters that one token of English text stands for, roughly, in every common tokenizer. */
const charactersPerToken = 4;

export interface LanguageInput {
  readonly visualTokens: number;
  readonly prompt: string;
}

export function estimateLanguageModel(
  step: LanguageModelStep,
  { visualTokens, prompt }: LanguageInput,
): StageCost {
  const { graphs, boundaries, decoding } = step;
  const text = (step.template ?? '{prompt}')
    .replace('<image>', '')
    .replace('{prompt}', () => prompt);
  const promptTokens = Math.max(1, Math.ceil(text.length / charactersPerToken));
  const sequence = promptTokens + visualTokens;
  // The last new token is never fed back, so it needs no place in the context.
  const room = Math.max(1, graphs.contextLength - sequence + 1);
  const { newTokens, readAgain } = answerTokens(step, room);
  const decodeSteps = newTokens - 1;

  const whole = segmentLengths(boundaries, { fresh: sequence, visual: visualTokens }, []);
  const afterPrefill = whole.map(({ fresh }) => fresh);
  const { decoder, prefill } = graphs;
  const prefillFlops = countFlops(prefillGraph(graphs).model, decoder.dims(whole));
  // Each step finds one token more in the cache.
  const steps = Array.from({ length: Math.max(1, decodeSteps) }, (_, before) =>
    decoder.dims(
      oneToken(
        step,
        afterPrefill.map((cached) => cached + before),
      ),
    ),
  );
  const decodeFlopsPerToken = countFlops(decoder.model, meanDims(steps));
  const state = stateBytes(
    decoder.state,
    afterPrefill.map((cached) => cached + decodeSteps),
  );
  const draft =
    decoding.kind === 'draft'
      ? estimateDraft(decoding, step, { promptTokens, visualTokens, decodeSteps })
      : null;
  const [firstStep = {}] = steps;
  const language: LanguageEstimate = {
    promptTokens,
    visualTokens,
    keptVisualTokens: whole.at(-1)?.visual ?? visualTokens,
    newTokens,
    idleParameters: countIdleParameters(decoder.model, firstStep),
    prefillFlops,
    decodeFlopsPerToken,
  };
  const models = [
    graphs.embed,
    decoder.model,
    ...(prefill ? [prefill.model] : []),
    ...(draft?.models ?? []),
  ];
  const activationBytes = Math.max(
    chunkActivationBytes(graphs, boundaries, sequence, visualTokens),
    draft?.activationBytes ?? 0,
  );
  const keyValueBytes = state.keyValueBytes + (draft?.keyValueBytes ?? 0);
  const recurrentBytes = state.recurrentBytes + (draft?.recurrentBytes ?? 0);
  return {
    parameters: countParameters([graphs.embed, decoder.model, ...(draft?.graphs ?? [])]),
    flops: prefillFlops + decodeFlopsPerToken * readAgain,
    weightBytes: sumOf(models, weightBytes),
    activationBytes,
    keyValueBytes,
    recurrentBytes,
    peakBytes:
      sumOf(models, residentWeightBytes) + activationBytes + keyValueBytes + recurrentBytes,
    language,
  };
}

/**
 * Tokens of the longest answer to the prompt, and those that all answers feed back. The last of an answer is not read,
 * whether it is written or given.
 */
function answerTokens(
  { sampling, choices }: LanguageModelStep,
  room: number,
): { readonly newTokens: number; readonly readAgain: number } {
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

const sumOf = (models: readonly StageModel[], bytesOf: (model: StageModel) => number): number =>
  models.reduce((sum, model) => sum + bytesOf(model), 0);

/**
 * What a draft adds. Guesses are not foreseen: it costs its memory, and no time, as if the model wrote each token by
 * itself.
 */
function estimateDraft(
  { graphs, reads }: DraftPart,
  step: LanguageModelStep,
  counts: {
    readonly promptTokens: number;
    readonly visualTokens: number;
    readonly decodeSteps: number;
  },
) {
  const { embed, decoder, contextLength } = graphs;
  const visual = reads === 'words' ? 0 : counts.visualTokens;
  const sequence = Math.min(contextLength, counts.promptTokens + visual);
  const held = Math.min(contextLength, sequence + counts.decodeSteps);
  // The same checkpoint in the same arithmetic is loaded once.
  const loaded = [step.graphs.embed, step.graphs.decoder.model];
  const own = [embed, decoder.model];
  return {
    graphs: own,
    /** Those that are not loaded already. */
    models: own.filter((model) => !loaded.some((other) => isSameModel(model, other))),
    activationBytes: chunkActivationBytes(graphs, [], sequence, visual),
    ...stateBytes(decoder.state, [held]),
  };
}

const oneToken = (step: LanguageModelStep, cached: readonly number[]) =>
  segmentLengths(step.boundaries, { fresh: 1, visual: 0 }, cached);

/** The activations of the prompt's last piece, which finds the most in the cache, and the state that it hands over. */
function chunkActivationBytes(
  graphs: LanguageGraphs,
  boundaries: readonly BoundaryPart[],
  sequence: number,
  visual: number,
): number {
  const { model, dims, state } = prefillGraph(graphs);
  const chunks = prefillChunks(sequence, boundaries, graphs);
  const fresh = chunks.at(-1) as number;
  const before = sequence - fresh;
  const seen = { fresh, visual: chunks.length === 1 ? visual : 0 };
  const lengths = segmentLengths(boundaries, seen, [before]);
  const counts = lengths.map((length) => length.fresh);
  return peakActivationBytes(model, dims(lengths)) + handedOverBytes(state, counts);
}
