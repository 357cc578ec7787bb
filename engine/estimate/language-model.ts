/** Prefill, decode and cache of a language model, estimated. */
import type { LanguageModelStep } from '../plan/host-step.ts';
import type { DimBindings } from '../onnx/value.ts';
import type { StageEstimate } from './estimate.ts';
import { countFlops, countParameters, peakActivationBytes, weightBytes } from './model-cost.ts';

/** Characters that one token of English text stands for, roughly, in every common tokenizer. */
const charactersPerToken = 4;

export interface LanguageInput {
  readonly visualTokens: number;
  readonly prompt: string;
}

export function estimateLanguageModel(
  step: LanguageModelStep,
  { visualTokens, prompt }: LanguageInput,
): Omit<StageEstimate, 'id' | 'node' | 'type' | 'title'> {
  const text = (step.template ?? '{prompt}')
    .replace('<image>', '')
    .replace('{prompt}', () => prompt);
  const promptTokens = Math.max(1, Math.ceil(text.length / charactersPerToken));
  const keptVisualTokens = step.acceleration?.keptTokens(visualTokens) ?? visualTokens;
  const sequence = promptTokens + visualTokens;
  // The last new token is never fed back, so it needs no place in the context.
  const room = Math.max(1, step.contextLength - sequence + 1);
  const newTokens = Math.min(step.sampling.maxNewTokens, room);
  const kept = promptTokens + keptVisualTokens;
  const prefill = {
    ...decoderDims(step, { sequence, kept, cached: 0, keptCached: 0 }),
    visual: visualTokens,
    keptVisual: keptVisualTokens,
  };
  // Each step finds one token more in the cache; their cost grows evenly, so the middle one is the mean.
  const decodeSteps = newTokens - 1;
  const before = Math.max(0, decodeSteps - 1) / 2;
  const middle = {
    sequence: 1,
    kept: 1,
    cached: sequence + before,
    keptCached: kept + before,
  };
  const decode = { ...decoderDims(step, middle), visual: 0, keptVisual: 0 };
  const prefillFlops = countFlops(step.decoder, prefill);
  const decodeFlopsPerToken = countFlops(step.decoder, decode);

  const { layerCount, heads, size } = step.keyValues;
  const fullLayers = step.acceleration ? Math.min(step.acceleration.layer, layerCount) : layerCount;
  const cachedTokens =
    fullLayers * (sequence + decodeSteps) + (layerCount - fullLayers) * (kept + decodeSteps);
  return {
    parameters: countParameters([step.embed, step.decoder]),
    flops: prefillFlops + decodeFlopsPerToken * decodeSteps,
    weightBytes: weightBytes(step.embed) + weightBytes(step.decoder),
    activationBytes: peakActivationBytes(step.decoder, prefill),
    keyValueBytes: 2 * cachedTokens * heads * size * Float32Array.BYTES_PER_ELEMENT,
    language: {
      promptTokens,
      visualTokens,
      keptVisualTokens,
      newTokens,
      prefillFlops,
      decodeFlopsPerToken,
    },
  };
}

export interface SequenceLengths {
  readonly sequence: number;
  readonly kept: number;
  readonly cached: number;
  readonly keptCached: number;
}

/** Sizes of the symbols that nodes/language/decoder-graph.ts introduces. The cache itself is counted apart. */
export function decoderDims(
  step: LanguageModelStep,
  { sequence, kept, cached, keptCached }: SequenceLengths,
): DimBindings {
  const pairs = (tokens: number, before: number) => tokens * before + (tokens * (tokens + 1)) / 2;
  const share = step.expertShare;
  return {
    sequence,
    kept,
    rows: 1,
    pairs: pairs(sequence, cached),
    keptPairs: pairs(kept, keptCached),
    sequencePerExpert: sequence * share,
    keptPerExpert: kept * share,
    before: sequence,
    after: sequence,
    capacity: 0,
    keptCapacity: 0,
  };
}
