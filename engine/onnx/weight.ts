/**
 * Weights as recipes: a graph names the tensors it needs and how they are put together; the host
 * fills them from a checkpoint or from a seed, row by row, without holding a whole model in memory.
 */
import type { RandomDirections } from './random-directions.ts';

/** How a tensor is drawn when its weights are seeded random. */
export type WeightInit = 'matrix' | 'embedding' | 'norm' | 'bias';

/** Where the tensors of one node come from. */
export type WeightSource =
  | { readonly kind: 'random'; readonly seed: number }
  | { readonly kind: 'checkpoint'; readonly folder: string };

/**
 * Names that one published layout gives to the tensors of a node.
 * The host picks, of all layouts of a node, the one that finds the most tensors in the checkpoint.
 */
export interface KeyLayout {
  readonly title: string;
  /** The name in the checkpoint of the tensor that the node calls `name`. */
  readonly key: (name: string) => string;
  /** Which rows of the tensor at `key` are the node's `name`, where they are not all (a fused qkv). */
  readonly cut?: (name: string) => RowCut | null;
  /** Does this checkpoint tensor belong to the node? Only such tensors can be "extra". */
  readonly owns: (key: string) => boolean;
  /** Tensors of the node that no graph uses, such as saved position indices. */
  readonly ignores?: (key: string) => boolean;
}

/**
 * Rows of a published tensor; how many they are is the node's own size. Or one of several equal pieces one behind the
 * other, whatever that size is, such as one expert's matrix of all that are stored as one tensor.
 */
export type RowCut = RowRun | { readonly piece: number; readonly pieces: number };

export interface RowRun {
  readonly start: number;
  /** Rows of the whole tensor. */
  readonly of: number;
  /**
   * Of how many equal blocks of the whole tensor a run is taken each, `start` inside it (heads that hold their own
   * queries, keys and values); one where left out.
   */
  readonly blocks?: number;
  /** A matrix that is stored [in, out], so that its columns are the node's rows (GPT-2). */
  readonly turned?: boolean;
}

/** Where so many rows are cut out. */
export function rowRun(cut: RowCut, rows: number): RowRun {
  return 'pieces' in cut ? { start: cut.piece * rows, of: cut.pieces * rows } : cut;
}

/** Everything the host needs to find the tensors of one node. */
export interface WeightOrigin {
  /** The node whose weights they are. */
  readonly node: string;
  readonly source: WeightSource;
  readonly layouts: readonly KeyLayout[];
}

/** Tables that follow from numbers alone; computed-table.ts fills them. */
export type ComputedTable =
  | ({ readonly table: 'rotary-cosine' | 'rotary-sine' } & RotaryTable)
  | ({ readonly table: 'axial-cosine' | 'axial-sine' } & AxialRotaryTable)
  /** [to, from]: row i averages the run of `from` entries that adaptive pooling gives it. */
  | { readonly table: 'adaptive-average'; readonly from: number; readonly to: number }
  | ({ readonly table: 'sine-cosine' } & SineCosineTable)
  /** [windows, w · w, w · w]: 0 where two places of a shifted window saw each other before the shift. */
  | ({ readonly table: 'shifted-window-mask' } & ShiftedWindows)
  /** [O, O / groups, height, width]: kernels that give each channel back as it is. */
  | ({ readonly table: 'identity-kernels' } & IdentityKernels)
  | ({ readonly table: 'random-directions' } & RandomDirections);

/**
 * [rows · columns, channels]: fixed positions of a grid. The first half of the channels tells the column, the
 * second the row; each half holds the sines of all frequencies, then the cosines.
 */
export interface SineCosineTable {
  readonly rows: number;
  readonly columns: number;
  readonly channels: number;
}

export interface ShiftedWindows {
  /** Places of the map, whole windows. */
  readonly rows: number;
  readonly columns: number;
  /** Places along one side of a window. */
  readonly window: number;
  readonly shift: number;
}

export interface IdentityKernels {
  /** As many out as in. */
  readonly channels: number;
  readonly groups: number;
  /** Odd. */
  readonly size: readonly [height: number, width: number];
}

export interface RotaryTable {
  /** Positions, one row each. */
  readonly rows: number;
  /** Radians per position, one for each rotated pair of channels. */
  readonly frequencies: readonly number[];
  /** Cosine and sine are multiplied by this (YaRN's attention factor). */
  readonly scale: number;
}

/** Positions of two axes, one half of the rotated pairs each; rows are tokens. */
export interface AxialRotaryTable {
  /** Tokens before the patches, which are not rotated. */
  readonly prefixTokens: number;
  readonly vertical: RotaryAxis;
  readonly horizontal: RotaryAxis;
  /** Side of the square groups in which patches come one after the other; 1: row by row. */
  readonly group: number;
}

export interface RotaryAxis {
  /** Patches along the axis. */
  readonly count: number;
  /** Position of patch i: start + i · step. */
  readonly start: number;
  readonly step: number;
  /** Radians per position, one for each pair that this axis rotates. */
  readonly frequencies: readonly number[];
}

/** A table of learned positions [prefix + rows · columns, D] brought to another grid. */
export interface Interpolation {
  /** Rows before the grid (class token), kept as they are. */
  readonly prefixTokens: number;
  readonly from: TableGrid;
  readonly to: TableGrid;
  readonly kernel: 'bicubic' | 'bilinear';
  /** Does the kernel widen where the grid shrinks? */
  readonly antialias: boolean;
}

export interface TableGrid {
  readonly rows: number;
  readonly columns: number;
}

export type WeightExpression =
  /** One tensor, by its canonical name. `origin` is the index into the model's origins. */
  | {
      readonly kind: 'tensor';
      readonly name: string;
      readonly shape: readonly number[];
      readonly init: WeightInit;
      readonly origin: number;
    }
  /** Parts one below the other along the first axis. */
  | { readonly kind: 'concatenate'; readonly parts: readonly WeightExpression[] }
  /** A run of rows (entries of the first axis) of another expression. */
  | {
      readonly kind: 'rows';
      readonly of: WeightExpression;
      readonly start: number;
      readonly count: number;
    }
  /** Every element plus a constant (Gemma's norms store w and use 1 + w). */
  | { readonly kind: 'offset'; readonly of: WeightExpression; readonly by: number }
  /** Every element times a constant. */
  | { readonly kind: 'multiple'; readonly of: WeightExpression; readonly by: number }
  /** The same elements, row-major, under another shape. */
  | { readonly kind: 'reshape'; readonly of: WeightExpression; readonly shape: readonly number[] }
  /** Each row times the number of the vector `by` at its place. */
  | { readonly kind: 'scaled'; readonly of: WeightExpression; readonly by: WeightExpression }
  /** Element by element. */
  | { readonly kind: 'sum'; readonly parts: readonly WeightExpression[] }
  /** A matrix [out, in] plus `scale` times `up` [out, r] times `down` [r, in]: a low-rank change of it. */
  | {
      readonly kind: 'low-rank';
      readonly of: WeightExpression;
      readonly down: WeightExpression;
      readonly up: WeightExpression;
      readonly scale: number;
    }
  /** What batch normalisation does to a channel: it multiplies by `scale`, then adds `shift`. */
  | {
      readonly kind: 'batch-norm';
      readonly part: 'scale' | 'shift';
      readonly weight: WeightExpression;
      readonly bias: WeightExpression;
      readonly mean: WeightExpression;
      readonly variance: WeightExpression;
      readonly epsilon: number;
    }
  /** Kernels [O, I, h, w] with zeros around, up to `size`: the same convolution with a larger kernel. */
  | {
      readonly kind: 'centred-kernel';
      readonly of: WeightExpression;
      readonly size: readonly [height: number, width: number];
    }
  | {
      readonly kind: 'interpolated';
      readonly of: WeightExpression;
      readonly interpolation: Interpolation;
    }
  /**
   * A table [(2 rows − 1) · (2 columns − 1), heads] of biases by distance, laid out by head, query and key of
   * a window: [heads, rows · columns, rows · columns].
   */
  | { readonly kind: 'relative-bias'; readonly of: WeightExpression; readonly window: TableGrid }
  /** A table [2 size − 1, D] by distance, laid out by query and key along one axis: [size, size, D]. */
  | { readonly kind: 'relative-rows'; readonly of: WeightExpression; readonly size: number }
  | { readonly kind: 'computed'; readonly shape: readonly number[]; readonly of: ComputedTable };

/** Block-wise weight-only quantisation: every `blockSize` numbers of a row share one scale. */
export interface BlockFormat {
  readonly bits: 4 | 8;
  readonly blockSize: number;
}

export type WeightForm =
  | { readonly kind: 'float32' }
  /** Codes are symmetric about 2^(bits-1); the two initializers hold codes and float32 scales. */
  | ({ readonly kind: 'blocks' } & BlockFormat)
  /** Signed codes of 8 bits, stored [in, out], and one float32 scale a channel out. */
  | { readonly kind: 'channels' };

export interface Initializer {
  readonly name: string;
  readonly type: 'float32' | 'uint8' | 'int8';
  readonly shape: readonly number[];
}

/** One expression in one form: the initializers (one, or codes and scales) that it fills. */
export interface WeightEntry {
  readonly expression: WeightExpression;
  readonly form: WeightForm;
  readonly initializers: readonly Initializer[];
}

export type NamedTensor = Extract<WeightExpression, { kind: 'tensor' }>;

export function expressionShape(expression: WeightExpression): readonly number[] {
  switch (expression.kind) {
    case 'tensor':
    case 'reshape':
    case 'computed':
      return expression.shape;
    case 'offset':
    case 'multiple':
    case 'scaled':
    case 'low-rank':
      return expressionShape(expression.of);
    case 'sum':
      return expressionShape(expression.parts[0] as WeightExpression);
    case 'batch-norm':
      return expressionShape(expression.weight);
    case 'centred-kernel':
      return [...expressionShape(expression.of).slice(0, 2), ...expression.size];
    case 'rows':
      return [expression.count, ...expressionShape(expression.of).slice(1)];
    case 'concatenate': {
      const shapes = expression.parts.map(expressionShape);
      const rows = shapes.reduce((sum, shape) => sum + (shape[0] ?? 0), 0);
      return [rows, ...(shapes[0] ?? []).slice(1)];
    }
    case 'interpolated': {
      const { prefixTokens, to } = expression.interpolation;
      return [prefixTokens + to.rows * to.columns, ...expressionShape(expression.of).slice(1)];
    }
    case 'relative-rows':
      return [expression.size, expression.size, ...expressionShape(expression.of).slice(1)];
    case 'relative-bias': {
      const places = expression.window.rows * expression.window.columns;
      return [expressionShape(expression.of)[1] as number, places, places];
    }
  }
}

/** The expressions that one is put together from, in reading order. */
export function partsOf(expression: WeightExpression): readonly WeightExpression[] {
  switch (expression.kind) {
    case 'tensor':
    case 'computed':
      return [];
    case 'concatenate':
    case 'sum':
      return expression.parts;
    case 'scaled':
      return [expression.of, expression.by];
    case 'low-rank':
      return [expression.of, expression.down, expression.up];
    case 'batch-norm':
      return [expression.weight, expression.bias, expression.mean, expression.variance];
    case 'rows':
    case 'offset':
    case 'multiple':
    case 'reshape':
    case 'centred-kernel':
    case 'interpolated':
    case 'relative-bias':
    case 'relative-rows':
      return [expression.of];
  }
}

/** Every named tensor below an expression, in reading order. */
export function* tensorsOf(
  expression: WeightExpression,
): Generator<Extract<WeightExpression, { kind: 'tensor' }>> {
  if (expression.kind === 'tensor') yield expression;
  for (const part of partsOf(expression)) yield* tensorsOf(part);
}
