/** What one stage hands to the next, by output port. */
import { assertNever } from '#engine/contract/outcome.ts';
import type { StageModel } from '#engine/onnx/model.ts';
import { inputPrefix, outputPrefix, type MeasuredCount } from '#engine/plan/node-body.ts';
import type { RgbImage } from '../images/decode-image.ts';
import type { Tensor, TensorMap } from '../sessions/sessions.ts';

export type StageValue =
  | { readonly kind: 'image'; readonly image: RgbImage }
  | { readonly kind: 'text'; readonly text: string }
  /** By what follows the port's name in a tensor's name: '' for a port with one tensor. */
  | { readonly kind: 'tensors'; readonly tensors: TensorMap }
  | { readonly kind: 'answer'; readonly text: string; readonly tokenIds: readonly number[] };

export type StageOutputs = Readonly<Record<string, StageValue>>;

/** What the stages before gave, by input port, in the order of its wires. */
export type StageInputs = Readonly<Record<string, readonly StageValue[]>>;

/** Groups the outputs of a graph by port: `queryKey.key` belongs to `queryKey`. */
export function outputsByPort(tensors: TensorMap): StageOutputs {
  const ports: Record<string, { kind: 'tensors'; tensors: Record<string, Tensor> }> = {};
  for (const [fullName, tensor] of Object.entries(tensors)) {
    const name = fullName.slice(outputPrefix.length);
    const dot = name.indexOf('.');
    const port = dot < 0 ? name : name.slice(0, dot);
    (ports[port] ??= { kind: 'tensors', tensors: {} }).tensors[name.slice(port.length)] = tensor;
  }
  return ports;
}

/** The inputs of a graph from the values of its ports; a port that takes several numbers them. */
export function feedsOf(inputs: StageInputs, { inputs: declared }: StageModel): TensorMap {
  const known = new Set(declared.map(({ name }) => name));
  const feeds: Record<string, Tensor> = {};
  for (const [port, values] of Object.entries(inputs)) {
    for (const [index, value] of values.entries()) {
      if (value.kind !== 'tensors') continue;
      for (const [rest, tensor] of Object.entries(value.tensors)) {
        const numbered = `${inputPrefix}${port}.${index}${rest}`;
        feeds[known.has(numbered) ? numbered : inputPrefix + port + rest] = tensor;
      }
    }
  }
  return feeds;
}

/** Bytes of all that a stage hands on. */
export function outputBytes(outputs: StageOutputs): number {
  return Object.values(outputs).reduce((sum, value) => sum + valueBytes(value), 0);
}

function valueBytes(value: StageValue): number {
  switch (value.kind) {
    case 'image':
      return value.image.data.byteLength;
    case 'text':
      return Buffer.byteLength(value.text);
    case 'answer':
      return Buffer.byteLength(value.text) + value.tokenIds.length * 8;
    case 'tensors':
      return Object.values(value.tensors).reduce((sum, tensor) => sum + tensorBytes(tensor), 0);
    default:
      return assertNever(value);
  }
}

const tensorBytes = ({ data }: Tensor): number => (ArrayBuffer.isView(data) ? data.byteLength : 0);

/** Views and tokens of a value, by its first tensor [views, N, C]; null where it holds none. */
export function countsOf(value: StageValue | undefined): MeasuredCount | null {
  if (value?.kind !== 'tensors') return null;
  const [views = 1, tokens = 0, ...rest] = Object.values(value.tensors)[0]?.dims ?? [];
  return rest.length === 1 ? { views, tokens } : null;
}

/** Tokens of all views. */
export function tokensInAll(value: StageValue | undefined): number | null {
  const counts = countsOf(value);
  return counts && counts.views * counts.tokens;
}

type Measured = Readonly<Record<string, MeasuredCount>>;

/** What came in, by tensor: under the port's name, and numbered. */
export function measuredInputs(inputs: StageInputs): Measured {
  const named = Object.entries(inputs).flatMap(([port, values]) =>
    values.flatMap((value, index) => {
      const counts = countsOf(value);
      if (!counts) return [];
      return [[port, counts] as const, [`${port}.${index}`, counts] as const];
    }),
  );
  return Object.fromEntries(named);
}

export function measuredOutputs(outputs: StageOutputs): Measured {
  return Object.fromEntries(
    Object.entries(outputs).flatMap(([port, value]) => {
      const counts = countsOf(value);
      return counts ? [[port, counts]] : [];
    }),
  );
}
