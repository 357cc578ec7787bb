/** How two graphs that are compared take turns. */

export const usualRounds = 3;

/** Of a round, counted from 0: each goes first as often as the other, as the second finds a warmer machine. */
export const turnOrder = <Side>(sides: readonly Side[], round: number): readonly Side[] =>
  round % 2 === 0 ? sides : sides.toReversed();
