/** Cases of all blocks of a recurrent language model: sequences from an empty state, inner values and what is remembered. */
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import { newName, pastName } from '#engine/node/decoder-protocol.ts';
import { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import type { StageModel } from '#engine/onnx/model.ts';
import {
  rwkvArchitecture,
  rwkvParams,
  type RwkvArchitecture,
  type RwkvParams,
} from '#nodes/language/rwkv-architecture.ts';
import { emitRwkvBlocks, rwkvState } from '#nodes/language/rwkv-graph.ts';
import { rwkvKeyLayouts } from '#nodes/language/rwkv-names.ts';
import { float32, type Tensor, type TensorMap } from '#host/sessions/sessions.ts';
import { compareTensors, type ComputedTensor } from '../cases/comparison.ts';
import type { RecordedTensor } from '../cases/recorded-case.ts';
import type { RecurrentBlocksRow } from '../cases/rows/case-row.ts';
import type { Workbench } from '../workbench.ts';
import type { Driver } from './case-check.ts';
import { setNode } from './node-params.ts';
import { joinPieces } from './recorded-language-model.ts';

export const recurrentBlocksDriver: Driver<RecurrentBlocksRow> = async (
  row,
  recorded,
  workbench,
) => {
  const { folder, inputs, outputs, atol, files } = recorded;
  const node = setNode(row.node, recorded, files);
  if (typeof node === 'string') return { unsupported: node };
  const declared = Object.entries(rwkvParams).map(([name, param]) => [name, param.default]);
  const values = { ...Object.fromEntries(declared), ...node.params } as RwkvParams;
  const architecture = rwkvArchitecture(values);
  const wanted = Object.entries(row.outputs).filter(([name]) => outputs.has(name));
  const taps = wanted.flatMap(([, source]) =>
    source.startsWith(tapPrefix) ? source.slice(tapPrefix.length) : [],
  );
  const model = blocksModel(architecture, folder, taps);
  const x = inputs.get(row.input) as RecordedTensor;
  const sequences: TensorMap[] = [];
  for (let sequence = 0; sequence < (x.shape[0] as number); sequence++) {
    const ran = await readSequence(model, architecture, sequenceOf(x, sequence), workbench);
    if (!ran.ok) return ran;
    sequences.push(ran.value);
  }
  return ok(
    wanted.map(([name, source]) => {
      const expected = outputs.get(name) as RecordedTensor;
      return compareTensors(name, stacked(sequences, source), expected, atol);
    }),
  );
};

const tapPrefix = 'tap.';

function blocksModel(
  architecture: RwkvArchitecture,
  folder: string,
  taps: readonly string[],
): StageModel {
  const g = new GraphBuilder();
  const x = g.input('x', 'float32', [1, 'sequence', architecture.hiddenSize]);
  const source = { kind: 'checkpoint', folder } as const;
  const origin = { node: 'case', source, layouts: rwkvKeyLayouts(false) };
  g.weightsFrom({ origin, blocks: null }, () => {
    const { state } = emitRwkvBlocks(g, x, architecture);
    for (const [tensor, value] of state) g.output(newName(tensor), value);
    for (const name of taps) g.output(tapPrefix + name, g.tapped(name));
  });
  return g.finish();
}

/** All tokens but the last at once, then that from the state, so that both ways to go are compared. x [1, T, D] */
async function readSequence(
  model: StageModel,
  architecture: RwkvArchitecture,
  x: Tensor,
  workbench: Workbench,
): Promise<Outcome<TensorMap>> {
  const [, length, width] = x.dims as readonly [number, number, number];
  const state = rwkvState(architecture);
  const empty = state.map((tensor) => {
    const count = tensor.shape.reduce((product, size) => product * size, 1);
    return [pastName(tensor), float32(new Float32Array(count), tensor.shape)] as const;
  });
  let past: TensorMap = Object.fromEntries(empty);
  const pieces: TensorMap[] = [];
  for (const [from, to] of [
    [0, length - 1],
    [length - 1, length],
  ] as const) {
    const tokens = (x.data as Float32Array).slice(from * width, to * width);
    const ran = await workbench.run(model, { x: float32(tokens, [1, to - from, width]), ...past });
    if (!ran.ok) return ran;
    const results = ran.value;
    past = Object.fromEntries(
      state.map((tensor) => [pastName(tensor), results[newName(tensor)] as Tensor]),
    );
    pieces.push(results);
  }
  const remembered = state.map((tensor) => [newName(tensor), past[pastName(tensor)] as Tensor]);
  return ok({ ...joinPieces(pieces), ...Object.fromEntries(remembered) });
}

function sequenceOf({ shape, data }: RecordedTensor, sequence: number): Tensor {
  const [, length, width] = shape as readonly [number, number, number];
  const count = length * width;
  const numbers = Float32Array.from(data.slice(sequence * count, (sequence + 1) * count));
  return float32(numbers, [1, length, width]);
}

/** The values of all sequences, one behind the other. [1, ..] each → [B, ..] */
function stacked(sequences: readonly TensorMap[], name: string): ComputedTensor {
  const tensors = sequences.map((results) => results[name] as Tensor);
  const numbers = tensors.flatMap(({ data }) => Array.from(data as Float32Array));
  const [, ...rest] = tensors[0]?.dims ?? [];
  return { shape: [tensors.length, ...rest], data: Float32Array.from(numbers) };
}
