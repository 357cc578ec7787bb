/** What one stage hands to the next, by output port. */
import { assertNever } from '#engine/contract/outcome.ts';
import { inputPrefix, outputPrefix } from '#engine/plan/node-body.ts';
import type { RgbImage } from '../images/decode-image.ts';
import type { Tensor, TensorMap } from './sessions.ts';

export type StageValue =
  | { readonly kind: 'image'; readonly image: RgbImage }
  | { readonly kind: 'text'; readonly text: string }
  /** By what follows the port's name in a tensor's name: '' for a port with one tensor. */
  | { readonly kind: 'tensors'; readonly tensors: TensorMap }
  | { readonly kind: 'answer'; readonly text: string; readonly tokenIds: readonly number[] };

export type StageOutputs = Readonly<Record<string, StageValue>>;

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

/** The inputs of a graph from the values of its ports. */
export function feedsOf(inputs: StageOutputs): TensorMap {
  const feeds: Record<string, Tensor> = {};
  for (const [port, value] of Object.entries(inputs)) {
    if (value.kind !== 'tensors') continue;
    for (const [rest, tensor] of Object.entries(value.tensors))
      feeds[inputPrefix + port + rest] = tensor;
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

/** Tokens along a value: the middle size of its first tensor [1, N, C]; null where it holds none. */
export function tokensOf(value: StageValue | undefined): number | null {
  if (value?.kind !== 'tensors') return null;
  const dims = Object.values(value.tensors)[0]?.dims;
  return dims?.length === 3 ? (dims[1] ?? null) : null;
}
