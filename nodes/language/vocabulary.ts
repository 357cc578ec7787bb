/** Both ends of a language model: from ids to embeddings, and from the last norm to logits. */
import { int, type GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { matrixProduct } from '#engine/onnx/blocks/linear.ts';
import { gather } from '#engine/onnx/operators.ts';
import type { Value } from '#engine/onnx/value.ts';
import type { WeightExpression } from '#engine/onnx/weight.ts';

export interface EmbeddingTable {
  readonly vocabularySize: number;
  readonly hiddenSize: number;
  /** Its name. */
  readonly embedding: string;
}

export interface Vocabulary extends EmbeddingTable {
  /** The name of the head, which has a weight of its own where the two are not tied. */
  readonly head: string;
  readonly tiedEmbeddings: boolean;
  readonly headBias: boolean;
}

/** `ids` [1, sequence] int64 → `embeddings` [1, sequence, D]. */
export function emitEmbedding(g: GraphBuilder, embedding: EmbeddingTable): void {
  const { hiddenSize } = embedding;
  const ids = g.input('ids', 'int64', [1, 'sequence']);
  const table = tableOf(g, embedding);
  const result = { type: 'float32', shape: [1, 'sequence', hiddenSize] } as const;
  // A row that is no whole number of blocks stays float32.
  if (g.blocks && hiddenSize % g.blocks.blockSize === 0) {
    const { codes, scales } = g.blockTable(table, g.blocks);
    const rows = g.op('GatherBlockQuantized', [codes, ids, scales], result, {
      domain: 'com.microsoft',
      attributes: {
        bits: int(g.blocks.bits),
        block_size: int(g.blocks.blockSize),
        gather_axis: int(0),
        quantize_axis: int(1),
      },
    });
    g.output('embeddings', rows);
  } else {
    g.output('embeddings', gather(g, g.weight(table), ids, 0));
  }
}

/** x [.., D] → logits [.., V] */
export function emitHead(g: GraphBuilder, x: Value, vocabulary: Vocabulary): Value {
  const { vocabularySize, hiddenSize, head, tiedEmbeddings, headBias } = vocabulary;
  const weight = tiedEmbeddings
    ? tableOf(g, vocabulary)
    : g.tensor(`${head}.weight`, [vocabularySize, hiddenSize], 'matrix');
  const bias = headBias ? g.tensor(`${head}.bias`, [vocabularySize], 'bias') : null;
  return matrixProduct(g, x, weight, bias);
}

function tableOf(
  g: GraphBuilder,
  { embedding, vocabularySize, hiddenSize }: EmbeddingTable,
): WeightExpression {
  return g.tensor(embedding, [vocabularySize, hiddenSize], 'embedding');
}
