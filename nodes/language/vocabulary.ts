/** Both ends of a language model: from ids to embeddings, and from the last norm to logits. */
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { embedIds, tableWeights, type EmbeddingTable } from '#engine/onnx/blocks/embedding.ts';
import { matrixProduct } from '#engine/onnx/blocks/linear.ts';
import { multiply } from '#engine/onnx/operators.ts';
import type { Value } from '#engine/onnx/value.ts';

export interface Vocabulary extends EmbeddingTable {
  /** The name of the head, which has a weight of its own where the two are not tied. */
  readonly head: string;
  readonly tiedEmbeddings: boolean;
  readonly headBias: boolean;
}

/** `ids` [1, sequence] int64 → `embeddings` [1, sequence, D], multiplied by `scale`. */
export function emitEmbedding(g: GraphBuilder, embedding: EmbeddingTable, scale = 1): void {
  const words = embedIds(g, g.input('ids', 'int64', [1, 'sequence']), embedding);
  g.output('embeddings', scaledBy(g, words, scale));
}

export const scaledBy = (g: GraphBuilder, x: Value, scale: number): Value =>
  scale === 1 ? x : multiply(g, x, g.scalar('float32', scale));

/** x [.., D] → logits [.., V] */
export function emitHead(g: GraphBuilder, x: Value, vocabulary: Vocabulary): Value {
  const { vocabularySize, hiddenSize, head, tiedEmbeddings, headBias } = vocabulary;
  const weight = tiedEmbeddings
    ? tableWeights(g, vocabulary)
    : g.tensor(`${head}.weight`, [vocabularySize, hiddenSize], 'matrix');
  const bias = headBias ? g.tensor(`${head}.bias`, [vocabularySize], 'bias') : null;
  return matrixProduct(g, x, weight, bias);
}
