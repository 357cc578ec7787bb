/** How recorded inputs become tensors of ports. */

/** A recorded input that is given in part: the places where another recorded one is not 0, as a mask has it. */
export interface MaskedInput {
  readonly tensor: string;
  readonly keptBy: string;
}

/**
 * Recorded tokens of which the first lie on a grid and the others only fill up a batch. Its rows and columns stand
 * in another recorded input, one pair a picture, or in the configuration.
 */
export interface GridInput {
  readonly tensor: string;
  readonly gridBy: string;
}

/** A recorded input [B, V, N, C] of V views: those that are given, in this order. */
export interface ViewsInput {
  readonly tensor: string;
  readonly views: 'all' | readonly number[];
}

/** Recorded tokens that lie on a grid, with their channels first: [B, C, rows, columns]. */
export interface MapInput {
  readonly tensor: string;
  readonly channels: 'first';
}

/**
 * A recorded input [N, D] that holds the tokens of several pictures one after the other, each row by row. All pictures
 * have as many rows and columns as the key `side` of the configuration says, or those of recorded sizes, heights first,
 * in patches as long as the key `patchSize` says. What is computed follows one another in the same way.
 */
export interface PackedInput {
  readonly tensor: string;
  readonly grids:
    { readonly side: string } | { readonly sizes: string; readonly patchSize: string };
}

/** The tensor of a port that a recorded input is given to, or how it becomes one. */
export type InputTarget = string | MaskedInput | GridInput | ViewsInput | MapInput | PackedInput;
