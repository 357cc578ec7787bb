/** Towers that turn queries and keys by the places of their tokens, inside every layer. */
import { error, type Problem } from '#engine/contract/problem.ts';
import { rotateHeads } from '#engine/onnx/blocks/attention-heads.ts';
import type { SelfAttention } from '#engine/onnx/blocks/attention.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import type { AxialRotaryTable } from '#engine/onnx/weight.ts';
import type { TowerFeatures } from './tower-features.ts';
import type { VisionTransformerShape } from './vision-transformer-params.ts';

type Heads = Pick<VisionTransformerShape, 'hiddenSize' | 'headCount'>;

export const headSizeOf = ({ hiddenSize, headCount }: Heads): number => hiddenSize / headCount;

/** What `prepare` of a layer does: queries and keys [B, N, H · d] turned by the rows of the table. */
export function rotated(
  g: GraphBuilder,
  shape: Heads,
  table: AxialRotaryTable,
  pairing: 'halves' | 'neighbours',
): NonNullable<SelfAttention['prepare']> {
  const size = headSizeOf(shape);
  return ({ query, key, value }) => ({
    query: rotateHeads(g, query, size, table, pairing),
    key: rotateHeads(g, key, size, table, pairing),
    value,
  });
}

/** Heads that cannot be turned, and parts that would take tokens away from their places. */
export function rotaryProblem(
  title: string,
  shape: VisionTransformerShape,
  { host, tokensAfter, known }: Pick<TowerFeatures, 'host' | 'tokensAfter' | 'known'>,
): Problem | null {
  const size = headSizeOf(shape);
  if (size % 4 !== 0) {
    const message = `A head of ${size} channels does not divide by four, as rows and columns turn pairs of them; choose a number of heads that leaves ${4 * Math.max(1, Math.round(size / 4))} channels to each.`;
    return error('arrangement-unsupported', message, { param: 'headCount' });
  }
  if (known && tokensAfter(shape.layerCount) === host.tokens) return null;
  const message = `${title} turns every token by its place in each block, so no part can take tokens out between them; unplug it, or see with an encoder whose positions are added once.`;
  return error('parts-conflict', message, { port: 'parts' });
}
