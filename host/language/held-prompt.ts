/** A prompt that a language model has read, with the state that begins with it: another one may go on where they part. */
import { decoderInput, type LanguageGraphs } from '#engine/node/decoder-protocol.ts';
import type { BoundaryPart } from '#engine/node/part.ts';
import type { VisualRun } from '#engine/node/segments.ts';
import { shownPrefix } from '#engine/plan/shown-outputs.ts';
import { sameValue } from '#engine/same-value.ts';
import type { DecoderState } from './decoder-state.ts';

export interface PromptTokens {
  /** [T, D] */
  readonly embeddings: Float32Array;
  readonly visual: readonly VisualRun[];
}

export interface HeldPrompt extends PromptTokens {
  readonly state: DecoderState;
  readonly gridPositions: LanguageGraphs['gridPositions'];
}

/**
 * Brings the state of a prompt that was read back to where the other one parts from it → how many tokens it holds then; 0
 * where it cannot be gone on from.
 */
export function cutWhereTheyPart(
  before: HeldPrompt,
  next: PromptTokens,
  graphs: LanguageGraphs,
  boundaries: readonly BoundaryPart[],
): number {
  if (!canGoOn(graphs, boundaries)) return 0;
  if (!sameValue(before.gridPositions, graphs.gridPositions)) return 0;
  const alike = alikeTokens(before, next, graphs.hiddenSize);
  return alike > 0 && before.state.cutTo(alike) ? alike : 0;
}

/**
 * Does what a model made of a token stay as it is, whatever follows? Prunings rank by the last token, visual tokens may see
 * what is behind them, a rotation may depend on the whole length; and what is shown is summed over all tokens.
 */
function canGoOn(
  { decoder: { model }, promptAttention }: LanguageGraphs,
  boundaries: readonly BoundaryPart[],
): boolean {
  return (
    promptAttention === 'causal' &&
    boundaries.every(({ kind }) => kind !== 'token-reduction') &&
    !model.inputs.some(({ name }) => name === decoderInput.reach) &&
    !model.outputs.some(({ name }) => name.startsWith(shownPrefix))
  );
}

/**
 * Tokens with which two prompts begin alike, to the last bit of their embeddings [T, D] and with the same visual runs;
 * at most all but the last of `next`, which has to be read for its logits.
 */
export function alikeTokens(before: PromptTokens, next: PromptTokens, hiddenSize: number): number {
  const lengthOf = ({ embeddings }: PromptTokens): number => embeddings.length / hiddenSize;
  const sharedRuns = otherRunFrom(before.visual, next.visual);
  const most = Math.min(lengthOf(before), lengthOf(next) - 1, sharedRuns);
  const rowOf = ({ embeddings }: PromptTokens, token: number): Buffer =>
    bytesOf(embeddings.subarray(token * hiddenSize, (token + 1) * hiddenSize));
  let alike = 0;
  while (alike < most && rowOf(before, alike).equals(rowOf(next, alike))) alike++;
  return alike;
}

/** Where the first visual run begins that the two do not share. */
function otherRunFrom(before: readonly VisualRun[], next: readonly VisualRun[]): number {
  const count = Math.max(before.length, next.length);
  const runs = Array.from({ length: count }, (_, run) => run);
  const other = runs.find((run) => !sameValue(before[run], next[run])) ?? count;
  return Math.min(before[other]?.start ?? Infinity, next[other]?.start ?? Infinity);
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

/** How many of the first `count` tokens of a prompt are visual, and how many words. */
export function tokenKinds(
  count: number,
  runs: readonly VisualRun[],
): { readonly visual: number; readonly words: number } {
  const visual = runs.reduce(
    (sum, run) => sum + Math.min(run.count, Math.max(0, count - run.start)),
    0,
  );
  return { visual, words: count - visual };
}
