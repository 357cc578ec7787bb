/** What goes into every language model and comes out of it. */
import { error, type Problem } from '#engine/contract/problem.ts';
import type { WireOf } from '#engine/node/wire.ts';
import { answerProblem, type Answering } from './answer-lines.ts';
import type { DecoderArchitecture } from './architecture/decoder-architecture.ts';
import { positionParts } from './architecture/positions.ts';
import { layoutProblem, type PictureLayoutName } from './picture-layouts.ts';

export const languageInputs = {
  visual: {
    kind: 'tokens',
    title: 'Visual tokens',
    role: 'visual',
    several: true,
    optional: true,
  },
  prompt: { kind: 'text', title: 'Prompt', role: 'prompt' },
} as const;

export const languageOutputs = {
  answer: { kind: 'answer', title: 'Answer', role: 'answer' },
} as const;

/** Why visual tokens cannot be read by a model of so many channels; null where they can. */
function visualProblem(visual: readonly WireOf<'tokens'>[], hiddenSize: number): Problem | null {
  const other = visual.find(({ channels }) => channels !== hiddenSize);
  if (!other) return null;
  const message = `The language model reads tokens of ${hiddenSize} channels, it is given ${other.channels}; put a projector with output width ${hiddenSize} in between.`;
  return error('dimension-mismatch', message, { port: 'visual' });
}

/** Why positions of three parts cannot be told of visual tokens; null where they can. */
export function gridProblem(
  visual: readonly WireOf<'tokens'>[],
  positions: DecoderArchitecture['positions'],
): Problem | null {
  const isTold = visual.every(({ grid, prefixTokens }) => grid !== null && prefixTokens === 0);
  if (isTold || positionParts({ positions }) === 1) return null;
  const message =
    'The language model is told row and column of every visual token, and these lie on no grid; choose a projector that keeps the grid.';
  return error('arrangement-unsupported', message, { port: 'visual' });
}

interface Asked extends Answering {
  readonly pictureLayout: PictureLayoutName;
}

/** Why the node `id` cannot read what it is given, or answer as it is asked to; null where any language model can. */
export function languageProblem(
  id: string,
  asked: Asked,
  visual: readonly WireOf<'tokens'>[],
  {
    hiddenSize,
    positions = 'none',
  }: Pick<DecoderArchitecture, 'hiddenSize'> & Partial<Pick<DecoderArchitecture, 'positions'>>,
): Problem | null {
  return (
    visualProblem(visual, hiddenSize) ??
    layoutProblem(visual, asked.pictureLayout) ??
    gridProblem(visual, positions) ??
    answerProblem(id, asked)
  );
}
