/** Test support: one block as a graph with known weights, run on ONNX Runtime. */
import { float32, type TensorMap } from '#host/sessions/sessions.ts';
import { floatsOf, NodeBench } from './node-bench.testing.ts';
import { writeKnownWeights } from '#host/weights/known-weights.testing.ts';
import { normalNumbers } from '#nodes/normal-numbers.testing.ts';
import { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import type { StageModel } from '#engine/onnx/model.ts';
import type { Value } from '#engine/onnx/value.ts';
import type { KeyLayout } from '#engine/onnx/weight.ts';

export type BlockValues = Readonly<Record<string, Value>>;
export type BlockShapes = Readonly<Record<string, readonly number[]>>;

export interface RunBlock {
  readonly model: StageModel;
  /** The weights and inputs by name, row-major. */
  readonly numbers: (name: string) => readonly number[];
  readonly output: (name: string) => readonly number[];
  /** Shapes that ONNX Runtime gave, by output. */
  readonly shapes: BlockShapes;
}

const asNamed: KeyLayout = { title: 'as named', key: (name) => name, owns: () => true };

export class BlockBench {
  readonly #bench: NodeBench;

  private constructor(bench: NodeBench) {
    this.#bench = bench;
  }

  static async open(): Promise<BlockBench> {
    return new BlockBench(await NodeBench.open());
  }

  /** Runs what `build` makes of float32 inputs of the given shapes, filled with normal numbers. */
  async run<Names extends string>(
    inputs: Readonly<Record<Names, readonly number[]>>,
    build: (g: GraphBuilder, inputs: Readonly<Record<Names, Value>>) => BlockValues,
  ): Promise<RunBlock> {
    const folder = await this.#bench.newFolder();
    const g = new GraphBuilder();
    const entries = Object.entries<readonly number[]>(inputs);
    const values = Object.fromEntries(
      entries.map(([name, shape]) => [name, g.input(name, 'float32', shape)]),
    ) as Record<Names, Value>;
    const source = { kind: 'checkpoint', folder } as const;
    const origin = { node: 'block', source, layouts: [asNamed] };
    const built = g.weightsFrom({ origin, blocks: null }, () => build(g, values));
    for (const [name, value] of Object.entries(built)) g.output(name, value);
    const model = g.finish();
    const known = await writeKnownWeights(folder, [model], 11);
    const given = entries.map(([name, shape], index) => {
      const count = shape.reduce((product, size) => product * size, 1);
      return [name, float32(normalNumbers(count, 31 + index), shape)] as const;
    });
    const feeds: TensorMap = Object.fromEntries(given);
    const outputs = await this.#bench.run(model, feeds);
    return {
      model,
      numbers: (name) => Array.from(known.get(name)?.data ?? floatsOf(feeds[name])),
      output: (name) => Array.from(floatsOf(outputs[name])),
      shapes: Object.fromEntries(Object.entries(outputs).map(([name, { dims }]) => [name, dims])),
    };
  }

  close(): Promise<void> {
    return this.#bench.close();
  }
}
