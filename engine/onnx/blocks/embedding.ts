/** A table of learned vectors, one a token id. */
import { int, type GraphBuilder } from '../graph-builder.ts';
import { gather } from '../shape-operators.ts';
import type { Value } from '../value.ts';
import type { WeightExpression } from '../weight.ts';

export interface EmbeddingTable {
  readonly vocabularySize: number;
  readonly hiddenSize: number;
  /** Its name. */
  readonly embedding: string;
}

export function tableWeights(
  g: GraphBuilder,
  { embedding, vocabularySize, hiddenSize }: EmbeddingTable,
): WeightExpression {
  return g.tensor(embedding, [vocabularySize, hiddenSize], 'embedding');
}

/** ids [1, N] int64 → [1, N, D], in float32 or from block-quantised rows. */
export function embedIds(g: GraphBuilder, ids: Value, embedding: EmbeddingTable): Value {
  const { hiddenSize } = embedding;
  const table = tableWeights(g, embedding);
  // A row that is no whole number of blocks stays float32.
  if (!g.blocks || hiddenSize % g.blocks.blockSize !== 0) return gather(g, g.weight(table), ids, 0);
  const { codes, scales } = g.blockTable(table, g.blocks);
  const result = { type: 'float32', shape: [...ids.shape, hiddenSize] } as const;
  return g.op('GatherBlockQuantized', [codes, ids, scales], result, {
    domain: 'com.microsoft',
    attributes: {
      bits: int(g.blocks.bits),
      block_size: int(g.blocks.blockSize),
      gather_axis: int(0),
      quantize_axis: int(1),
    },
  });
}
