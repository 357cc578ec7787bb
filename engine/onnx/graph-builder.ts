/**
 * Builds one ONNX graph. Operators are appended in running order; names are hierarchical
 * (`layers.0/attention/MatMul`), so that a profile row still tells its layer after fusion.
 */
import type { Attribute, Constant, Domain, OnnxNode, StageModel, WorkTerm } from './model.ts';
import { branchAttributes, refuseFolded, type InnerGraph } from './branches.ts';
import { GraphNames } from './graph-names.ts';
import type { OperatorBudget } from './operator-budget.ts';
import { GraphWeights, type QuantisedValues } from './graph-weights.ts';
import type { DataType, Dim, Shape, Value } from './value.ts';
import { bytesPerElement, elementCount } from './value.ts';
import type {
  BlockFormat,
  NamedTensor,
  WeightExpression,
  WeightInit,
  WeightOrigin,
} from './weight.ts';

export interface OperatorOptions {
  readonly domain?: Domain;
  readonly attributes?: Readonly<Record<string, Attribute | undefined>>;
}

/** What the weights named inside a scope are made of. */
export interface WeightSetting extends MatrixFormat {
  readonly origin: WeightOrigin;
  /** What becomes of each tensor that is named, such as its sum with an adapter's. */
  readonly change?: (g: GraphBuilder, tensor: NamedTensor) => WeightExpression;
}

/** How matrices are stored and multiplied. */
export interface MatrixFormat {
  /** Block format of matrices; null keeps float32. Norms and biases always stay float32. */
  readonly blocks: BlockFormat | null;
  /** Are products in 8 bits on both sides (W8A8), so that only tables that are read by row are in blocks? */
  readonly roundsTokens?: boolean;
}

export const float = (value: number): Attribute => ({ float: value });
export const int = (value: number): Attribute => ({ int: value });
export const ints = (value: readonly number[]): Attribute => ({ ints: value });
export const text = (value: string): Attribute => ({ text: value });

/** Constants above this size belong into the weights file. */
const constantBytesLimit = 16_384;

export class GraphBuilder {
  readonly #budget: OperatorBudget | null;
  readonly #names = new GraphNames();
  readonly #inputs: Value[] = [];
  readonly #outputs: Value[] = [];
  #nodes: OnnxNode[] = [];
  readonly #constants = new Map<string, Constant>();
  readonly #weights = new GraphWeights(this.#names);
  #work: WorkTerm[] = [];
  #taps = new Map<string, Value | (() => Value)>();
  #scope = '';
  #setting: WeightSetting | null = null;

  /** `budget` bounds the operators of this graph and of all others that share it; without one there is no bound. */
  constructor(budget: OperatorBudget | null = null) {
    this.#budget = budget;
  }

  input(name: string, type: DataType, shape: Shape): Value {
    this.#names.claim(name);
    const value = { name, type, shape };
    this.#inputs.push(value);
    return value;
  }

  /** Declares a graph output; `name` is the name that a run fetches. */
  output(name: string, value: Value): void {
    this.#names.claim(name);
    this.#outputs.push(this.#append('Identity', [value], [{ ...value, name }], {})[0] as Value);
  }

  /** Runs `body` with `name` put before the names of its operators. */
  scope<Result>(name: string, body: () => Result): Result {
    const outer = this.#scope;
    this.#scope = outer === '' ? name : `${outer}/${name}`;
    try {
      return body();
    } finally {
      this.#scope = outer;
    }
  }

  /** Runs `body` with the weights that it names taken from `setting`. */
  weightsFrom<Result>(setting: WeightSetting, body: () => Result): Result {
    const outer = this.#setting;
    this.#setting = setting;
    try {
      return body();
    } finally {
      this.#setting = outer;
    }
  }

  /** Block format of matrices in the present scope, null for float32. */
  get blocks(): BlockFormat | null {
    return this.#setting?.blocks ?? null;
  }

  /** Are what matrices multiply, and they, rounded to 8 bits in the present scope? */
  get roundsTokens(): boolean {
    return this.#setting?.roundsTokens ?? false;
  }

  /** Marks an inner value under a name, so that a caller can ask for it as an output. */
  tap(name: string, value: Value): Value {
    this.#taps.set(name, value);
    return value;
  }

  /** As `tap`, of a value that is built only where somebody asks for it. */
  tapLater(name: string, build: () => Value): void {
    this.#taps.set(name, build);
  }

  get tapNames(): readonly string[] {
    return [...this.#taps.keys()];
  }

  tapped(name: string): Value {
    const value = this.#taps.get(name);
    if (!value) throw new Error(`The graph has no tap "${name}".`);
    return typeof value === 'function' ? this.scope(name, value) : value;
  }

  /** A named tensor as a recipe; nothing is stored until `weight` or `blockWeight` asks for it. */
  tensor(name: string, shape: readonly number[], init: WeightInit): WeightExpression {
    if (!this.#setting) throw new Error(`The weight "${name}" is named outside weightsFrom.`);
    const origin = this.#weights.originOf(this.#setting.origin);
    const tensor = { kind: 'tensor', name, shape, init, origin } as const;
    return this.#setting.change?.(this, tensor) ?? tensor;
  }

  /** A float32 weight of the expression's shape. */
  weight(expression: WeightExpression): Value {
    return this.#weights.float32(expression);
  }

  /** A matrix [rows, columns] as block codes [rows, blocks, bytes] and scales [rows, blocks]. */
  blockWeight(expression: WeightExpression, format: BlockFormat): QuantisedValues {
    return this.#weights.blocks(expression, format);
  }

  /** As `blockWeight`, laid out for a table that is read by row: codes [rows, bytes], scales [rows, blocks]. */
  blockTable(expression: WeightExpression, format: BlockFormat): QuantisedValues {
    return this.#weights.blockTable(expression, format);
  }

  /** A matrix [outputs, inputs] as signed codes, laid out [inputs, outputs], and scales [outputs]. */
  channelWeight(expression: WeightExpression): QuantisedValues {
    return this.#weights.channels(expression);
  }

  constant(type: DataType, shape: readonly number[], data: readonly number[]): Value {
    if (data.length * bytesPerElement[type] > constantBytesLimit) {
      throw new Error(`A constant of ${data.length} numbers belongs into the weights.`);
    }
    if (data.length !== elementCount(shape)) {
      throw new Error(`${data.length} numbers do not fill a constant [${shape.join(', ')}].`);
    }
    const name = `constant/${type}[${shape.join(',')}]/${data.join(',')}`;
    const known = this.#constants.get(name);
    if (known) return known.value;
    const value: Value = { name, type, shape };
    this.#constants.set(name, { value, data });
    return value;
  }

  scalar(type: DataType, value: number): Value {
    return this.constant(type, [], [value]);
  }

  /** An int64 list, the way shapes, axes and sizes are given to operators. */
  list(...data: readonly number[]): Value {
    return this.constant('int64', [data.length], data);
  }

  /** Appends an operator with one output. */
  op(
    op: string,
    inputs: readonly (Value | null)[],
    output: { readonly type: DataType; readonly shape: Shape },
    options: OperatorOptions = {},
  ): Value {
    return this.ops(op, inputs, [output], options)[0] as Value;
  }

  /** Appends an operator with several outputs. `null` inputs and outputs are optional ones left out. */
  ops(
    op: string,
    inputs: readonly (Value | null)[],
    outputs: readonly ({ readonly type: DataType; readonly shape: Shape } | null)[],
    options: OperatorOptions = {},
  ): readonly (Value | null)[] {
    const name = this.#names.unique(this.#scope === '' ? op : `${this.#scope}/${op}`);
    const values = outputs.map(
      (output, index) =>
        output && {
          name: index === 0 ? name : `${name}:${index}`,
          type: output.type,
          shape: output.shape,
        },
    );
    return this.#append(op, inputs, values, options, name);
  }

  /**
   * One of two bodies, by a condition [] bool known only when the graph runs. Both give a value of the
   * same type and shape. Arithmetic inside is not counted: the caller counts what either costs.
   */
  choose(condition: Value, whenTrue: () => Value, whenFalse: () => Value): Value {
    const thenBranch = this.inner('then', () => [whenTrue()]);
    const elseBranch = this.inner('else', () => [whenFalse()]);
    return this.#either(condition, thenBranch, elseBranch)[0] as Value;
  }

  /** As `choose`, with several values each. The arithmetic of the first body is counted: it is what runs unless left out. */
  chooseAll(
    condition: Value,
    whenTrue: () => readonly Value[],
    whenFalse: () => readonly Value[],
  ): readonly Value[] {
    const thenBranch = this.inner('then', whenTrue);
    const elseBranch = this.inner('else', whenFalse);
    this.count(thenBranch.work);
    return this.#either(condition, thenBranch, elseBranch);
  }

  #either(condition: Value, thenBranch: InnerGraph, elseBranch: InnerGraph): readonly Value[] {
    const attributes = branchAttributes(thenBranch, elseBranch);
    return this.ops('If', [condition], thenBranch.outputs, { attributes }) as readonly Value[];
  }

  /** What `body` makes as a graph for an operator to run; its arithmetic is for the caller to count. */
  inner(name: string, body: () => readonly Value[]): InnerGraph {
    const [nodes, work, taps] = [this.#nodes, this.#work, new Map(this.#taps)];
    this.#nodes = [];
    this.#work = [];
    try {
      const outputs = this.scope(name, () => {
        const values = body();
        const inner = new Set(this.#nodes.flatMap((node) => node.outputs));
        // An inner graph may read a value from around it, but not give it back as its own, nor one value twice.
        return values.map((value, index) =>
          inner.has(value) && values.indexOf(value) === index
            ? value
            : this.op('Identity', [value], value),
        );
      });
      return { nodes: this.#nodes, outputs, work: this.#work };
    } finally {
      // What is tapped inside cannot be read from around it.
      [this.#nodes, this.#work, this.#taps] = [nodes, work, taps];
    }
  }

  /** A value that an operator gives to the graph inside it, step after step. */
  given(type: DataType, shape: Shape): Value {
    return {
      name: this.#names.unique(this.#scope === '' ? 'given' : `${this.#scope}/given`),
      type,
      shape,
    };
  }

  /** Counts arithmetic for the estimate: `multiplyAdds` times the product of `dims`. */
  work(multiplyAdds: number, dims: readonly Dim[] = []): void {
    this.#work.push({ scope: this.#scope, multiplyAdds, dims });
  }

  /** Counts what an inner graph has left to be counted. */
  count(terms: readonly WorkTerm[]): void {
    this.#work.push(...terms);
  }

  finish(): StageModel {
    return {
      inputs: this.#inputs,
      outputs: this.#outputs,
      nodes: this.#nodes,
      constants: [...this.#constants.values()],
      weights: this.#weights.entries,
      origins: this.#weights.origins,
      work: this.#work,
    };
  }

  #append(
    op: string,
    inputs: readonly (Value | null)[],
    outputs: readonly (Value | null)[],
    options: OperatorOptions,
    name = this.#names.unique(`${op}/${outputs[0]?.name}`),
  ): readonly (Value | null)[] {
    this.#budget?.spend();
    const attributes = Object.fromEntries(
      Object.entries(options.attributes ?? {}).filter(
        (entry): entry is [string, Attribute] => entry[1] !== undefined,
      ),
    );
    for (const attribute of Object.values(attributes))
      if ('graph' in attribute) refuseFolded(attribute.graph, this.#constants);
    const names = inputs.map((input) => input?.name ?? '');
    const domain = options.domain ?? '';
    this.#nodes.push({ name, op, domain, inputs: names, outputs, attributes });
    return outputs;
  }
}
