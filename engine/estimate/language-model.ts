/** Prefill, decode and state of a language model, estimated. */
import {
  handedOverBytes,
  prefillGraph,
  stateBytes,
  type LanguageGraphs,
} from '../node/decoder-protocol.ts';
import { segmentLengths } from '../node/segments.ts';
import type { StageModel } from '../onnx/model.ts';
import type { LanguageModelStep } from '../node/host-step.ts';
import type { DraftPart } from '../node/part.ts';
import {
  languageCalls,
  promptPieces,
  type LanguageInput,
  type PromptPiece,
} from './language-calls.ts';
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

export function estimateLanguageModel(step: LanguageModelStep, input: LanguageInput): StageCost {
  const { graphs, boundaries, decoding } = step;
  const { visualTokens } = input;
  const calls = languageCalls(step, input);
  const { promptTokens, newTokens, cachedTokens } = calls;
  const sequence = promptTokens + visualTokens;
  const decodeSteps = newTokens - 1;
  const whole = segmentLengths(boundaries, { fresh: sequence, visual: visualTokens }, []);
  const { decoder, prefill } = graphs;
  const prefillFlops = countFlops(prefillGraph(graphs).model, decoder.dims(whole));
  const decodeFlopsPerToken = countFlops(decoder.model, calls.meanStep);
  const state = stateBytes(
    decoder.state,
    cachedTokens.map((cached) => cached + decodeSteps),
  );
  const draft =
    decoding.kind === 'draft'
      ? estimateDraft(decoding, step, { promptTokens, visualTokens, decodeSteps })
      : null;
  const language: LanguageEstimate = {
    promptTokens,
    visualTokens,
    keptVisualTokens: whole.at(-1)?.visual ?? visualTokens,
    newTokens,
    idleParameters: countIdleParameters(decoder.model, calls.firstStep),
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
    lastPieceBytes(graphs, calls.pieces),
    draft?.activationBytes ?? 0,
  );
  const keyValueBytes = state.keyValueBytes + (draft?.keyValueBytes ?? 0);
  const recurrentBytes = state.recurrentBytes + (draft?.recurrentBytes ?? 0);
  return {
    parameters: countParameters([graphs.embed, decoder.model, ...(draft?.graphs ?? [])]),
    flops: prefillFlops + decodeFlopsPerToken * calls.readAgain,
    weightBytes: sumOf(models, weightBytes),
    activationBytes,
    keyValueBytes,
    recurrentBytes,
    peakBytes:
      sumOf(models, residentWeightBytes) + activationBytes + keyValueBytes + recurrentBytes,
    language,
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
    activationBytes: lastPieceBytes(graphs, promptPieces(graphs, [], sequence, visual)),
    ...stateBytes(decoder.state, [held]),
  };
}

/** The activations of the prompt's last piece, which finds the most in the cache, and the state that it hands over. */
function lastPieceBytes(graphs: LanguageGraphs, pieces: readonly PromptPiece[]): number {
  const { model, state } = prefillGraph(graphs);
  const { dims, fresh } = pieces.at(-1) as PromptPiece;
  return peakActivationBytes(model, dims) + handedOverBytes(state, fresh);
}
