/** Cases of one block of a state-space model: a sequence from an empty state, and what is remembered on the way. */
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import type { StageModel } from '#engine/onnx/model.ts';
import {
  mambaArchitecture,
  mambaParams,
  type MambaParams,
} from '#nodes/language/mamba-architecture.ts';
import { mambaMixer } from '#nodes/language/mamba-mixer.ts';
import {
  mamba2Architecture,
  mamba2Params,
  type Mamba2Params,
} from '#nodes/language/mamba2-architecture.ts';
import { mamba2Mixer } from '#nodes/language/mamba2-mixer.ts';
import type { Mixer, MixerState } from '#nodes/language/state-space-graph.ts';
import { blockNames, stateSpaceKeyLayouts } from '#nodes/language/state-space-names.ts';
import type { Params } from '#engine/node/param.ts';
import { float32, type Tensor, type TensorMap } from '#host/sessions/sessions.ts';
import type { Driver } from './case-check.ts';
import type { MixerRow } from '../cases/rows/case-row.ts';
import { compareTensors, type ComputedTensor } from '../cases/comparison.ts';
import { setNode } from './node-params.ts';
import type { RecordedTensor } from '../cases/recorded-case.ts';
import type { Workbench } from '../workbench.ts';

type MixerSetting = MixerRow['node'];

/** A block, and the channels of its tokens. */
interface Block {
  readonly mixer: Mixer;
  readonly hiddenSize: number;
}

/** The state after each token from the last but one of the prompt on, and all that was computed. */
interface Walk {
  readonly outputs: readonly Tensor[];
  readonly states: ReadonlyMap<number, MixerState<Tensor>>;
}

export const mixerDriver: Driver<MixerRow> = async (row, recorded, workbench) => {
  const { config, folder, inputs, outputs, atol, files } = recorded;
  const node = setNode(row.node, recorded, files);
  if (typeof node === 'string') return { unsupported: node };
  const block = blockOf(row.node.type, node.params);
  const x = inputs.get(row.input) as RecordedTensor;
  const prompt = Number(config[row.promptLength]);
  const model = mixerModel(block, folder, x.shape[0] as number);
  const walk = await walkThrough(model, block, x, prompt, workbench);
  if (!walk.ok) return walk;
  const length = x.shape[1] as number;
  return ok(
    Object.entries(row.outputs).flatMap(([name, source]) => {
      const expected = outputs.get(name);
      if (!expected) return [];
      const computed =
        source.value === 'output'
          ? joined(walk.value.outputs)
          : stateAfter(walk.value, source.value, source.after === 'prompt' ? prompt : length);
      return [compareTensors(name, computed, expected, atol)];
    }),
  );
};

function blockOf(type: MixerSetting['type'], set: object): Block {
  const values = (params: Params) => {
    const declared = Object.entries(params).map(([name, param]) => [name, param.default]);
    return { ...Object.fromEntries(declared), ...set } as unknown;
  };
  if (type === 'language/mamba') {
    const architecture = mambaArchitecture(values(mambaParams) as MambaParams);
    return { mixer: mambaMixer(architecture), hiddenSize: architecture.hiddenSize };
  }
  const architecture = mamba2Architecture(values(mamba2Params) as Mamba2Params);
  return { mixer: mamba2Mixer(architecture), hiddenSize: architecture.hiddenSize };
}

function mixerModel({ mixer, hiddenSize }: Block, folder: string, batch: number): StageModel {
  const g = new GraphBuilder();
  const x = g.input('x', 'float32', [batch, 'sequence', hiddenSize]);
  const past = {
    convolution: g.input('past.convolution', 'float32', [batch, ...mixer.state.convolution]),
    memory: g.input('past.memory', 'float32', [batch, ...mixer.state.memory]),
  };
  const source = { kind: 'checkpoint', folder } as const;
  const origin = { node: 'case', source, layouts: stateSpaceKeyLayouts('Mamba', true) };
  g.weightsFrom({ origin, blocks: null }, () => {
    const { output, state } = mixer.prepare(g, x)(x, blockNames(0).mixer, past);
    g.output('y', output);
    g.output('convolution', state.convolution);
    g.output('memory', state.memory);
  });
  return g.finish();
}

/** All tokens of the prompt but its last at once, then one at a time, so that both ways to go are compared. */
async function walkThrough(
  model: StageModel,
  { mixer }: Block,
  x: RecordedTensor,
  prompt: number,
  workbench: Workbench,
): Promise<Outcome<Walk>> {
  const [batch, length] = x.shape as readonly [number, number];
  const zeros = (shape: readonly number[]) =>
    float32(new Float32Array(shape.reduce((product, size) => product * size, batch)), [
      batch,
      ...shape,
    ]);
  let state: MixerState<Tensor> = {
    convolution: zeros(mixer.state.convolution),
    memory: zeros(mixer.state.memory),
  };
  const outputs: Tensor[] = [];
  const states = new Map<number, MixerState<Tensor>>();
  for (let at = 0; at < length;) {
    const end = at === 0 ? prompt - 1 : at + 1;
    const ran = await workbench.run(model, {
      x: tokensOf(x, at, end),
      'past.convolution': state.convolution,
      'past.memory': state.memory,
    });
    if (!ran.ok) return ran;
    const results = ran.value as TensorMap & MixerState<Tensor>;
    state = { convolution: results.convolution, memory: results.memory };
    outputs.push(results['y'] as Tensor);
    states.set(end, state);
    at = end;
  }
  return ok({ outputs, states });
}

/** Tokens `from` up to but not including `to` of every sequence. [B, T, D] */
function tokensOf({ shape, data }: RecordedTensor, from: number, to: number): Tensor {
  const [batch, length, width] = shape as readonly [number, number, number];
  const rows = Array.from({ length: batch }, (_, sequence) =>
    Array.from(data.slice((sequence * length + from) * width, (sequence * length + to) * width)),
  );
  return float32(Float32Array.from(rows.flat()), [batch, to - from, width]);
}

/** [B, T, D] from runs of tokens. */
function joined(runs: readonly Tensor[]): ComputedTensor {
  const [batch = 0, , width = 0] = runs[0]?.dims ?? [];
  const numbers = Array.from({ length: batch }, (_, sequence) =>
    runs.flatMap(({ dims, data }) => {
      const count = (dims[1] as number) * width;
      return Array.from((data as Float32Array).subarray(sequence * count, (sequence + 1) * count));
    }),
  ).flat();
  return {
    shape: [batch, numbers.length / batch / width, width],
    data: Float32Array.from(numbers),
  };
}

/**
 * As it is recorded: what is remembered with its last two axes the other way round, and the inputs of the convolution
 * with the oldest that the kernel saw, [B, E, kernel], which the state before still has.
 */
function stateAfter(
  { states }: Walk,
  value: keyof MixerState<Tensor>,
  tokens: number,
): ComputedTensor {
  const { convolution, memory } = states.get(tokens) as MixerState<Tensor>;
  if (value === 'memory') return withLastTurned(memory);
  const before = (states.get(tokens - 1) as MixerState<Tensor>).convolution;
  const [batch, channels, kept] = convolution.dims as readonly [number, number, number];
  const rows = Array.from({ length: batch * channels }, (_, row) => [
    (before.data as Float32Array)[row * kept] as number,
    ...(convolution.data as Float32Array).subarray(row * kept, (row + 1) * kept),
  ]);
  return { shape: [batch, channels, kept + 1], data: Float32Array.from(rows.flat()) };
}

/** [.., N, E] → [.., E, N] */
export function withLastTurned({ dims, data }: Tensor): ComputedTensor {
  const [rows, columns] = dims.slice(-2) as [number, number];
  const turned = (data as Float32Array).map((_, index) => {
    const matrix = Math.floor(index / (rows * columns));
    const [column, row] = [Math.floor(index / rows) % columns, index % rows];
    return (data as Float32Array)[(matrix * rows + row) * columns + column] as number;
  });
  return { shape: [...dims.slice(0, -2), columns, rows], data: turned };
}
