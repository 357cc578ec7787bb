/** What one stage hands to the next, by output port. */
import { assertNever } from '#engine/contract/outcome.ts';
import type { View } from '#engine/node/view.ts';
import type { Media } from '#engine/node/wire.ts';
import type { MeasuredCount } from '#engine/plan/node-body.ts';
import type { RgbImage } from '../images/decode-image.ts';
import type { Tensor, TensorMap } from '../sessions/sessions.ts';

/** Tensors whose leading axis counts views, which agree in all other sizes. */
export interface Batch {
  /** By what follows the port's name in a tensor's name: '' for a port with one tensor. */
  readonly tensors: TensorMap;
  /** What belongs to each entry of the leading axis; empty for what is not of pictures, such as token ids. */
  readonly views: readonly View[];
}

export type StageValue =
  /** Pictures each by itself, or the frames of one clip. */
  | { readonly kind: 'image'; readonly media: Media; readonly images: readonly RgbImage[] }
  | { readonly kind: 'text'; readonly text: string }
  /** In the order of the views. */
  | { readonly kind: 'tensors'; readonly batches: readonly Batch[] }
  | { readonly kind: 'answer'; readonly text: string; readonly tokenIds: readonly number[] };

export type StageOutputs = Readonly<Record<string, StageValue>>;

/** What the stages before gave, by input port, in the order of its wires. */
export type StageInputs = Readonly<Record<string, readonly StageValue[]>>;

/** Bytes of all that a stage hands on. */
export function outputBytes(outputs: StageOutputs): number {
  return Object.values(outputs).reduce((sum, value) => sum + valueBytes(value), 0);
}

function valueBytes(value: StageValue): number {
  switch (value.kind) {
    case 'image':
      return value.images.reduce((sum, { data }) => sum + data.byteLength, 0);
    case 'text':
      return Buffer.byteLength(value.text);
    case 'answer':
      return Buffer.byteLength(value.text) + value.tokenIds.length * 8;
    case 'tensors':
      return value.batches.reduce((sum, batch) => sum + batchBytes(batch), 0);
    default:
      return assertNever(value);
  }
}

const batchBytes = ({ tensors }: Batch): number =>
  Object.values(tensors).reduce((sum, tensor) => sum + tensorBytes(tensor), 0);

const tensorBytes = ({ data }: Tensor): number => (ArrayBuffer.isView(data) ? data.byteLength : 0);

/** Views and the tokens of each, by the first tensor: [views, N, C] of tokens, [views, 3, H, W] of pixels, [1, N] of ids. */
export function countsOf({ tensors }: Batch): MeasuredCount | null {
  const [views = 1, tokens = 0, ...rest] = Object.values(tensors)[0]?.dims ?? [];
  if (rest.length <= 1) return { views, tokens };
  return rest.length === 2 ? { views, tokens: 0 } : null;
}

/** Tokens of all views; null where a value holds none. */
export function tokensInAll(value: StageValue | undefined): number | null {
  if (value?.kind !== 'tensors') return null;
  const counts = value.batches.flatMap((batch) => countsOf(batch) ?? []);
  const tokens = counts.reduce((sum, count) => sum + count.views * count.tokens, 0);
  return tokens > 0 ? tokens : null;
}
