/** Cases of one block of a state-space model: a sequence from an empty state, and what is remembered on the way. */
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import { severalTokens } from '#engine/onnx/blocks/selective-scan.ts';
import { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import type { StageModel } from '#engine/onnx/model.ts';
import {
  mambaArchitecture,
  mambaParams,
  type MambaArchitecture,
  type MambaParams,
} from '#nodes/language/mamba-architecture.ts';
import { emitMixer } from '#nodes/language/mamba-graph.ts';
import { mambaKeyLayouts, mambaLayerNames } from '#nodes/language/mamba-names.ts';
import { float32, type Tensor, type TensorMap } from '#host/sessions/sessions.ts';
import type { Driver } from './case-check.ts';
import type { MixerRow } from '../cases/rows/case-row.ts';
import { compareTensors, type ComputedTensor } from '../cases/comparison.ts';
import { setNode } from './node-params.ts';
import type { RecordedTensor } from '../cases/recorded-case.ts';
import type { Workbench } from '../workbench.ts';

/** The state after each token from the last but one of the prompt on, and all that was computed. */
interface Walk {
  readonly outputs: readonly Tensor[];
  readonly states: ReadonlyMap<number, Mixed>;
}

interface Mixed {
  /** [B, E, kernel − 1] */
  readonly convolved: Tensor;
  /** [B, N, E] */
  readonly memory: Tensor;
}

export const mixerDriver: Driver<MixerRow> = async (row, recorded, workbench) => {
  const { config, folder, inputs, outputs, atol, files } = recorded;
  const node = setNode(row.node, recorded, files);
  if (typeof node === 'string') return { unsupported: node };
  const declared = Object.entries(mambaParams).map(([name, param]) => [name, param.default]);
  const values = { ...Object.fromEntries(declared), ...node.params } as MambaParams;
  const x = inputs.get(row.input) as RecordedTensor;
  const prompt = Number(config[row.promptLength]);
  const model = mixerModel(mambaArchitecture(values), folder, x.shape[0] as number);
  const walk = await walkThrough(model, mambaArchitecture(values), x, prompt, workbench);
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

function mixerModel(architecture: MambaArchitecture, folder: string, batch: number): StageModel {
  const { hiddenSize, innerSize, kernelSize, stateSize } = architecture;
  const g = new GraphBuilder();
  const x = g.input('x', 'float32', [batch, 'sequence', hiddenSize]);
  const past = {
    convolved: g.input('past.convolved', 'float32', [batch, innerSize, kernelSize - 1]),
    memory: g.input('past.memory', 'float32', [batch, stateSize, innerSize]),
  };
  const source = { kind: 'checkpoint', folder } as const;
  const origin = { node: 'case', source, layouts: mambaKeyLayouts(true) };
  g.weightsFrom({ origin, blocks: null }, () => {
    const given = { x, several: severalTokens(g, x) };
    const { output, state } = emitMixer(g, given, mambaLayerNames(0), architecture, past);
    g.output('y', output);
    g.output('convolved', state.convolved);
    g.output('memory', state.memory);
  });
  return g.finish();
}

/** All tokens of the prompt but its last at once, then one at a time, so that both ways to go are compared. */
async function walkThrough(
  model: StageModel,
  { innerSize, kernelSize, stateSize }: MambaArchitecture,
  x: RecordedTensor,
  prompt: number,
  workbench: Workbench,
): Promise<Outcome<Walk>> {
  const [batch, length] = x.shape as readonly [number, number];
  const zeros = (...shape: readonly number[]) =>
    float32(new Float32Array(shape.reduce((product, size) => product * size, 1)), shape);
  let state: Mixed = {
    convolved: zeros(batch, innerSize, kernelSize - 1),
    memory: zeros(batch, stateSize, innerSize),
  };
  const outputs: Tensor[] = [];
  const states = new Map<number, Mixed>();
  for (let at = 0; at < length;) {
    const end = at === 0 ? prompt - 1 : at + 1;
    const ran = await workbench.run(model, {
      x: tokensOf(x, at, end),
      'past.convolved': state.convolved,
      'past.memory': state.memory,
    });
    if (!ran.ok) return ran;
    const results = ran.value as TensorMap & Mixed;
    state = { convolved: results.convolved, memory: results.memory };
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
 * As it is recorded: what channels remember by channel, [B, E, N], and the inputs of the convolution with the oldest
 * that the kernel saw, [B, E, kernel], which the state before still has.
 */
function stateAfter(
  { states }: Walk,
  value: 'convolved' | 'memory',
  tokens: number,
): ComputedTensor {
  const { convolved, memory } = states.get(tokens) as Mixed;
  if (value === 'convolved') {
    const before = (states.get(tokens - 1) as Mixed).convolved;
    const [batch, channels, kept] = convolved.dims as readonly [number, number, number];
    const rows = Array.from({ length: batch * channels }, (_, row) => [
      (before.data as Float32Array)[row * kept] as number,
      ...(convolved.data as Float32Array).subarray(row * kept, (row + 1) * kept),
    ]);
    return { shape: [batch, channels, kept + 1], data: Float32Array.from(rows.flat()) };
  }
  const [batch, size, channels] = memory.dims as readonly [number, number, number];
  const data = Float32Array.from({ length: batch * channels * size }, (_, index) => {
    const sequence = Math.floor(index / (channels * size));
    const channel = Math.floor(index / size) % channels;
    const place = (sequence * size + (index % size)) * channels + channel;
    return (memory.data as Float32Array)[place] as number;
  });
  return { shape: [batch, channels, size], data };
}
