/** The weights that one graph stores: each recipe and form once, under a name of its own. */
import type { GraphNames } from './graph-names.ts';
import type { Value } from './value.ts';
import {
  expressionShape,
  partsOf,
  type BlockFormat,
  type Initializer,
  type WeightEntry,
  type WeightExpression,
  type WeightForm,
  type WeightOrigin,
} from './weight.ts';

/** A quantised matrix. */
export interface QuantisedValues {
  readonly codes: Value;
  readonly scales: Value;
}

export class GraphWeights {
  readonly #names: GraphNames;
  readonly #stored = new Map<string, { entry: WeightEntry; values: readonly Value[] }>();
  readonly #origins: WeightOrigin[] = [];

  constructor(names: GraphNames) {
    this.#names = names;
  }

  get entries(): readonly WeightEntry[] {
    return [...this.#stored.values()].map(({ entry }) => entry);
  }

  get origins(): readonly WeightOrigin[] {
    return this.#origins;
  }

  /** Its place in `origins`. */
  originOf(origin: WeightOrigin): number {
    const known = this.#origins.indexOf(origin);
    return known < 0 ? this.#origins.push(origin) - 1 : known;
  }

  /** A weight of the expression's shape. */
  float32(expression: WeightExpression): Value {
    const shape = expressionShape(expression);
    return this.#store(expression, { kind: 'float32' }, [['', 'float32', shape]])[0] as Value;
  }

  /** [rows, columns] → codes [rows, blocks, bytes], scales [rows, blocks] */
  blocks(expression: WeightExpression, format: BlockFormat): QuantisedValues {
    const [rows = 0, columns = 0] = expressionShape(expression);
    const blocks = Math.ceil(columns / format.blockSize);
    return this.#storeQuantised(
      expression,
      { kind: 'blocks', ...format },
      ['uint8', [rows, blocks, (format.blockSize * format.bits) / 8]],
      [rows, blocks],
    );
  }

  /** [rows, columns] → codes [rows, bytes], scales [rows, blocks] */
  blockTable(expression: WeightExpression, format: BlockFormat): QuantisedValues {
    const [rows = 0, columns = 0] = expressionShape(expression);
    if (columns % format.blockSize !== 0) {
      throw new Error(`Rows of ${columns} are no whole number of blocks of ${format.blockSize}.`);
    }
    return this.#storeQuantised(
      expression,
      { kind: 'blocks', ...format },
      ['uint8', [rows, (columns * format.bits) / 8]],
      [rows, columns / format.blockSize],
    );
  }

  /** [outputs, inputs] → codes [inputs, outputs], scales [outputs] */
  channels(expression: WeightExpression): QuantisedValues {
    const [outputs = 0, inputs = 0] = expressionShape(expression);
    const codes = ['int8', [inputs, outputs]] as const;
    return this.#storeQuantised(expression, { kind: 'channels' }, codes, [outputs]);
  }

  #storeQuantised(
    expression: WeightExpression,
    form: WeightForm,
    codesOf: readonly [Initializer['type'], readonly number[]],
    scalesShape: readonly number[],
  ): QuantisedValues {
    const [codes, scales] = this.#store(expression, form, [
      ['.codes', ...codesOf],
      ['.scales', 'float32', scalesShape],
    ]) as [Value, Value];
    return { codes, scales };
  }

  #store(
    expression: WeightExpression,
    form: WeightForm,
    parts: readonly (readonly [string, Initializer['type'], readonly number[]])[],
  ): readonly Value[] {
    const key = JSON.stringify([expression, form, parts]);
    const known = this.#stored.get(key);
    if (known) return known.values;
    const base = this.#names.unique(weightName(expression));
    const initializers = parts.map(([suffix, type, shape]) => ({
      name: base + suffix,
      type,
      shape,
    }));
    this.#stored.set(key, { entry: { expression, form, initializers }, values: initializers });
    return initializers;
  }
}

function weightName(expression: WeightExpression): string {
  switch (expression.kind) {
    case 'tensor':
      return expression.name;
    case 'computed':
      return expression.of.table;
    case 'concatenate':
    case 'sum':
      return expression.parts.map(weightName).join('+');
    case 'rows':
      return `${weightName(expression.of)}[${expression.start}]`;
    case 'offset':
    case 'multiple':
    case 'reshape':
    case 'scaled':
    case 'low-rank':
    case 'batch-norm':
    case 'centred-kernel':
    case 'interpolated':
    case 'relative-bias':
    case 'relative-rows':
      return weightName(partsOf(expression)[0] as WeightExpression);
  }
}
