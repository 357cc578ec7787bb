/** Prefill, decode and state of a language model, estimated. */
import { stateBytes, type LanguageGraphs } from '../node/decoder-protocol.ts';
import { prefillChunks, segmentLengths } from '../node/segments.ts';
import type { LanguageModelStep } from '../node/host-step.ts';
import { countFlops, countParameters, peakActivationBytes, weightBytes } from './model-cost.ts';
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
  const { graphs, boundaries, decoding, sampling } = step;
  const text = (step.template ?? '{prompt}')
    .replace('<image>', '')
    .replace('{prompt}', () => prompt);
  const promptTokens = Math.max(1, Math.ceil(text.length / charactersPerToken));
  const sequence = promptTokens + visualTokens;
  // The last new token is never fed back, so it needs no place in the context.
  const room = Math.max(1, graphs.contextLength - sequence + 1);
  const newTokens = Math.min(sampling.maxNewTokens, room);
  const decodeSteps = newTokens - 1;

  const whole = segmentLengths(boundaries, { fresh: sequence, visual: visualTokens }, []);
  const afterPrefill = whole.map(({ fresh }) => fresh);
  const { decoder } = graphs;
  const prefillFlops = countFlops(decoder.model, decoder.dims(whole));
  // Each step finds one token more in the cache; their cost grows evenly, so the middle one is the mean.
  const middle = afterPrefill.map((cached) => cached + Math.max(0, decodeSteps - 1) / 2);
  const decodeFlopsPerToken = countFlops(decoder.model, decoder.dims(oneToken(step, middle)));
  const state = stateBytes(
    decoder.state,
    afterPrefill.map((cached) => cached + decodeSteps),
  );
  // Guesses are not foreseen: a draft costs its memory, and time as if each token were written by itself.
  const draft = decoding.kind === 'draft' ? decoding.graphs : null;
  const all = draft ? [graphs, draft] : [graphs];
  const draftState = draft ? stateBytes(draft.decoder.state, [sequence + decodeSteps]) : null;
  const language: LanguageEstimate = {
    promptTokens,
    visualTokens,
    keptVisualTokens: whole.at(-1)?.visual ?? visualTokens,
    newTokens,
    prefillFlops,
    decodeFlopsPerToken,
  };
  return {
    parameters: countParameters(all.flatMap(({ embed, decoder: { model } }) => [embed, model])),
    flops: prefillFlops + decodeFlopsPerToken * decodeSteps,
    weightBytes: all.reduce(
      (sum, pair) => sum + weightBytes(pair.embed) + weightBytes(pair.decoder.model),
      0,
    ),
    activationBytes: chunkActivationBytes(graphs, step, sequence, visualTokens),
    keyValueBytes: state.keyValueBytes + (draftState?.keyValueBytes ?? 0),
    recurrentBytes: state.recurrentBytes + (draftState?.recurrentBytes ?? 0),
    language,
  };
}

const oneToken = (step: LanguageModelStep, cached: readonly number[]) =>
  segmentLengths(step.boundaries, { fresh: 1, visual: 0 }, cached);

/** The activations of the prompt's last piece, which finds the most in the cache, and the state that it hands over. */
function chunkActivationBytes(
  { decoder }: LanguageGraphs,
  { boundaries }: LanguageModelStep,
  sequence: number,
  visual: number,
): number {
  const chunks = prefillChunks(sequence, boundaries);
  const fresh = chunks.at(-1) as number;
  const before = sequence - fresh;
  const seen = { fresh, visual: chunks.length === 1 ? visual : 0 };
  const lengths = segmentLengths(boundaries, seen, [before]);
  const handedOver = stateBytes(
    decoder.state,
    lengths.map((length) => length.fresh),
  );
  return (
    peakActivationBytes(decoder.model, decoder.dims(lengths)) +
    handedOver.keyValueBytes +
    handedOver.recurrentBytes
  );
}
