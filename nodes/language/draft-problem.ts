/** Whether a draft can guess for a language model, and whether there is anything to guess. */
import { error, warning, type Problem } from '#engine/contract/problem.ts';
import type { WireOf } from '#engine/node/wire.ts';
import type { LanguageGraphs } from '#engine/node/decoder-protocol.ts';

/** Why a draft among the parts at a port cannot; null where each can. */
export function draftProblem(
  parts: readonly WireOf<'acceleration'>[],
  { vocabularySize, hiddenSize }: Pick<LanguageGraphs, 'vocabularySize' | 'hiddenSize'>,
  port: string,
): Problem | null {
  for (const { acts } of parts) {
    if (acts.at !== 'draft') continue;
    if (acts.vocabularySize !== vocabularySize) {
      const message = `The draft model knows ${acts.vocabularySize} tokens, the language model ${vocabularySize}; choose a draft model with the same tokenizer.`;
      return error('dimension-mismatch', message, { port });
    }
    if (acts.reads === 'words-and-picture' && acts.hiddenSize !== hiddenSize) {
      const message = `The visual tokens have ${hiddenSize} channels, the draft model reads tokens of ${acts.hiddenSize}; let it read words only, or choose a draft model of the same hidden size.`;
      return error('dimension-mismatch', message, { port });
    }
  }
  return null;
}

/** Parts that would guess tokens ahead where none are written. */
export function idleDrafts(
  strategy: string,
  parts: readonly WireOf<'acceleration'>[],
  port: string,
): readonly Problem[] {
  const guesses = parts.some(({ acts }) => acts.at === 'draft' || acts.at === 'exit');
  if (strategy !== 'choices' || !guesses) return [];
  const message =
    'One of the given answers is chosen and none is written, so nothing is guessed ahead; unplug the part that guesses, or choose another sampling.';
  return [warning('parts-conflict', message, { port })];
}
