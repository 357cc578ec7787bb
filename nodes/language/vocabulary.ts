/** Both ends of a language model: from ids to embeddings, and from the last norm to logits. */
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { embedIds, tableWeights, type EmbeddingTable } from '#engine/onnx/blocks/embedding.ts';
import { linear, matrixProduct } from '#engine/onnx/blocks/linear.ts';
import { multiply, softCapped } from '#engine/onnx/operators.ts';
import type { Value } from '#engine/onnx/value.ts';

export interface Vocabulary extends EmbeddingTable {
  /** The name of the head, which has a weight of its own where the two are not tied. */
  readonly head: string;
  readonly tiedEmbeddings: boolean;
  readonly headBias: boolean;
  /** Between a table that is narrower than the model and the model; null where it is as wide. */
  readonly projected: ProjectedTable | null;
  readonly logitScale: number;
  /** 0: none. */
  readonly logitSoftCap: number;
}

interface ProjectedTable {
  /** Channels of the table. */
  readonly size: number;
  /** Names of the linear behind the table, and of the one before the head. */
  readonly into: string;
  readonly outOf: string;
}

type Beginning = EmbeddingTable & Partial<Pick<Vocabulary, 'projected'>>;

/** The table as it is stored. */
const tableOf = ({ projected, ...table }: Beginning): EmbeddingTable => ({
  ...table,
  hiddenSize: projected?.size ?? table.hiddenSize,
});

/** `ids` [1, sequence] int64 → `embeddings` [1, sequence, D], multiplied by `scale`. */
export function emitEmbedding(g: GraphBuilder, embedding: Beginning, scale = 1): void {
  const words = embedIds(g, g.input('ids', 'int64', [1, 'sequence']), tableOf(embedding));
  const { projected, hiddenSize: outputs } = embedding;
  const wide = projected
    ? linear(g, words, projected.into, { inputs: projected.size, outputs, bias: false })
    : words;
  g.output('embeddings', scaledBy(g, wide, scale));
}

export const scaledBy = (g: GraphBuilder, x: Value, scale: number): Value =>
  scale === 1 ? x : multiply(g, x, g.scalar('float32', scale));

/** x [.., D] → logits [.., V] */
export function emitHead(g: GraphBuilder, x: Value, vocabulary: Vocabulary): Value {
  const { vocabularySize, hiddenSize, head, tiedEmbeddings, headBias, projected } = vocabulary;
  const table = tableOf(vocabulary);
  const narrow = projected
    ? linear(g, x, projected.outOf, { inputs: hiddenSize, outputs: projected.size, bias: false })
    : x;
  const weight = tiedEmbeddings
    ? tableWeights(g, table)
    : g.tensor(`${head}.weight`, [vocabularySize, table.hiddenSize], 'matrix');
  const bias = headBias ? g.tensor(`${head}.bias`, [vocabularySize], 'bias') : null;
  const logits = scaledBy(g, matrixProduct(g, narrow, weight, bias), vocabulary.logitScale);
  return softCapped(g, logits, vocabulary.logitSoftCap);
}
