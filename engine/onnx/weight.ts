/**
 * Weights as recipes: a graph names the tensors it needs and how they are put together; the host
 * fills them from a checkpoint or from a seed, row by row, without holding a whole model in memory.
 */

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
  /** Does this checkpoint tensor belong to the node? Only such tensors can be "extra". */
  readonly owns: (key: string) => boolean;
  /** Tensors of the node that no graph uses, such as saved position indices. */
  readonly ignores?: (key: string) => boolean;
}

/** Everything the host needs to find the tensors of one node. */
export interface WeightOrigin {
  /** The node whose weights they are. */
  readonly node: string;
  readonly source: WeightSource;
  readonly layouts: readonly KeyLayout[];
}

/** Tables that follow from numbers alone. */
export type ComputedTable = { readonly table: 'rotary-cosine' | 'rotary-sine' } & RotaryTable;

export interface RotaryTable {
  /** Positions, one row each. */
  readonly rows: number;
  /** Radians per position, one for each rotated pair of channels. */
  readonly frequencies: readonly number[];
  /** Cosine and sine are multiplied by this (YaRN's attention factor). */
  readonly scale: number;
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
  /** The same elements, row-major, under another shape. */
  | { readonly kind: 'reshape'; readonly of: WeightExpression; readonly shape: readonly number[] }
  | { readonly kind: 'computed'; readonly shape: readonly number[]; readonly of: ComputedTable };

/** Block-wise weight-only quantisation: every `blockSize` numbers of a row share one scale. */
export interface BlockFormat {
  readonly bits: 4 | 8;
  readonly blockSize: number;
}

export type WeightForm =
  | { readonly kind: 'float32' }
  /** Codes are symmetric about 2^(bits-1); the two initializers hold codes and float32 scales. */
  | ({ readonly kind: 'blocks' } & BlockFormat);

export interface Initializer {
  readonly name: string;
  readonly type: 'float32' | 'uint8';
  readonly shape: readonly number[];
}

/** One expression in one form: the initializers (one, or codes and scales) that it fills. */
export interface WeightEntry {
  readonly expression: WeightExpression;
  readonly form: WeightForm;
  readonly initializers: readonly Initializer[];
}

export function expressionShape(expression: WeightExpression): readonly number[] {
  switch (expression.kind) {
    case 'tensor':
    case 'reshape':
    case 'computed':
      return expression.shape;
    case 'offset':
      return expressionShape(expression.of);
    case 'rows':
      return [expression.count, ...expressionShape(expression.of).slice(1)];
    case 'concatenate': {
      const shapes = expression.parts.map(expressionShape);
      const rows = shapes.reduce((sum, shape) => sum + (shape[0] ?? 0), 0);
      return [rows, ...(shapes[0] ?? []).slice(1)];
    }
  }
}

/** Every named tensor below an expression, in reading order. */
export function* tensorsOf(
  expression: WeightExpression,
): Generator<Extract<WeightExpression, { kind: 'tensor' }>> {
  switch (expression.kind) {
    case 'tensor':
      yield expression;
      return;
    case 'concatenate':
      for (const part of expression.parts) yield* tensorsOf(part);
      return;
    case 'rows':
    case 'offset':
    case 'reshape':
      yield* tensorsOf(expression.of);
      return;
    case 'computed':
      return;
  }
}
