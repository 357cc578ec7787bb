/** How far ahead tokens are guessed. */
import { takenBackTokens } from '#engine/node/decoder-protocol.ts';

export const draftLengthParam = {
  kind: 'integer',
  label: 'Draft length',
  help: 'Tokens guessed before each look of the whole model. More pay where most guesses are kept.',
  default: 4,
  min: 1,
  max: takenBackTokens,
} as const;
