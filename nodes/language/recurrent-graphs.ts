/** The ONNX graphs of a language model that carries nothing from token to token but states of one size. */
import {
  decoderInput,
  decoderOutput,
  newName,
  segmentDims,
  type LanguageGraphs,
  type RecurrentTensor,
} from '#engine/node/decoder-protocol.ts';
import type { EmbeddingTable } from '#engine/onnx/blocks/embedding.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import type { StageModel } from '#engine/onnx/model.ts';
import { gather } from '#engine/onnx/shape-operators.ts';
import type { Value } from '#engine/onnx/value.ts';
import { emitEmbedding, emitHead, type Vocabulary } from './vocabulary.ts';

export interface RecurrentModel {
  readonly words: EmbeddingTable & Pick<Vocabulary, 'head' | 'tiedEmbeddings'>;
  readonly state: readonly RecurrentTensor[];
  /** Embeddings [1, T, D] → what the head reads [1, T, D], and the state behind it. */
  readonly emit: (g: GraphBuilder, embeddings: Value) => RecurrentPass;
}

export interface RecurrentPass {
  readonly final: Value;
  readonly state: readonly (readonly [RecurrentTensor, Value])[];
}

/** A state does not grow, so that nothing but the answer's own limit ends a sequence. */
const unbounded = Number.MAX_SAFE_INTEGER;

export function recurrentGraphs(
  { words, state, emit }: RecurrentModel,
  newGraph: (emit: (g: GraphBuilder) => void) => StageModel,
): LanguageGraphs {
  const { hiddenSize, vocabularySize } = words;
  const plain = { headBias: false, projected: null, logitScale: 1, logitSoftCap: 0 } as const;
  return {
    embed: newGraph((g) => emitEmbedding(g, words)),
    decoder: {
      model: newGraph((g) => {
        const embeddings = g.input(decoderInput.embeddings, 'float32', [1, 'sequence', hiddenSize]);
        const logitRows = g.input(decoderInput.logitRows, 'int64', ['rows']);
        const pass = emit(g, embeddings);
        const last = gather(g, pass.final, logitRows, 1);
        g.output(
          decoderOutput.logits,
          g.scope('head', () => emitHead(g, last, { ...words, ...plain })),
        );
        for (const [tensor, value] of pass.state) g.output(newName(tensor), value);
      }),
      state,
      segments: 1,
      dims: segmentDims,
    },
    hiddenSize,
    vocabularySize,
    contextLength: unbounded,
    promptAttention: 'causal',
  };
}
