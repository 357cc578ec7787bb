/** What enters the first block of a decoder: the tokens' embeddings, scaled, placed and normed as the model has it. */
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { norm } from '#engine/onnx/blocks/norm.ts';
import { add } from '#engine/onnx/operators.ts';
import { gather } from '#engine/onnx/shape-operators.ts';
import type { Value } from '#engine/onnx/value.ts';
import type { DecoderArchitecture } from './architecture/decoder-architecture.ts';
import type { DecoderInputs } from './decoder-inputs.ts';
import { embeddingNormName, positionName } from './names/canonical.ts';
import { scaledBy } from './vocabulary.ts';

/** → [1, sequence, D] */
export function emitBeginning(
  g: GraphBuilder,
  architecture: DecoderArchitecture,
  { embeddings, firstSegment: { positions } }: DecoderInputs,
): Value {
  const { scaledEmbeddings, embeddingScale, embeddingNorm, norm: kind, normEpsilon } = architecture;
  const scaled = scaledBy(g, embeddings, scaledEmbeddings === 'all' ? embeddingScale : 1);
  const placed =
    architecture.positions === 'learned'
      ? add(g, scaled, learnedPositions(g, architecture, positions))
      : scaled;
  return embeddingNorm
    ? norm(g, placed, embeddingNormName, { kind, epsilon: normEpsilon })
    : placed;
}

/** positions [1, sequence] → [1, sequence, D] */
function learnedPositions(
  g: GraphBuilder,
  { contextLength, positionOffset, hiddenSize }: DecoderArchitecture,
  positions: Value,
): Value {
  const table = g.tensor(positionName, [contextLength + positionOffset, hiddenSize], 'embedding');
  const own = { kind: 'rows', of: table, start: positionOffset, count: contextLength } as const;
  return gather(g, g.weight(own), positions, 0);
}
