/** The ONNX graphs of a decoder-only language model: the embedding table, and all of its blocks. */
import type { AccelerationPart, FeedForwardPart } from '#engine/graph/part.ts';
import { int, type GraphBuilder } from '#engine/onnx/graph-builder.ts';
import {
  causalAttention,
  cachedHeadSize,
  rotatesInside,
  type CacheLengths,
  type CausalAttentionShape,
} from '#engine/onnx/blocks/causal-attention.ts';
import { gatedFeedForward, plainFeedForward } from '#engine/onnx/blocks/feed-forward.ts';
import { matrixProduct } from '#engine/onnx/blocks/linear.ts';
import { addAndNorm, norm, type Norm } from '#engine/onnx/blocks/norm.ts';
import { add, gather, multiply } from '#engine/onnx/operators.ts';
import { rotaryTable } from '#engine/onnx/rotary.ts';
import type { Value } from '#engine/onnx/value.ts';
import { pruneVisualTokens, scoreVisualTokens, type VisualRun } from './visual-pruning.ts';
import { rotaryShape, type DecoderArchitecture } from './decoder-architecture.ts';
import { embeddingName, finalNormName, headName, layerNames } from './decoder-names.ts';

export interface DecoderParts {
  readonly feedForward?: FeedForwardPart | undefined;
  readonly acceleration?: AccelerationPart | undefined;
}

/** `ids` [1, sequence] int64 → `embeddings` [1, sequence, D]. */
export function emitEmbedding(g: GraphBuilder, architecture: DecoderArchitecture): void {
  const { vocabularySize, hiddenSize } = architecture;
  const ids = g.input('ids', 'int64', [1, 'sequence']);
  const table = g.tensor(embeddingName, [vocabularySize, hiddenSize], 'embedding');
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

/**
 * Inputs: `embeddings` [1, sequence, D]; `logitRows` [rows] int64, the places in the sequence (after
 * pruning) whose logits are wanted; `past.<layer>.key|value` [1, kvHeads, capacity, size];
 * `lastIndex` [1] and `totalLength` [] int32, cached and new tokens together (the first less one);
 * `positions` [1, sequence] int64 where the graph rotates outside the fused operator;
 * with an acceleration part also `keptLastIndex`, `keptTotalLength`, `visualStart`, `visualEnd`,
 * `keptVisual` and `scoredLength` (see visual-pruning.ts).
 * Outputs: `logits` [1, rows, V] and `present.<layer>.key|value`, of the shapes of the past.
 * Taps: `embeddings`, what enters the first block; `block.<layer>`, what leaves a block.
 */
export function emitDecoder(
  g: GraphBuilder,
  architecture: DecoderArchitecture,
  parts: DecoderParts,
): void {
  const { hiddenSize, layerCount } = architecture;
  const embeddings = g.input('embeddings', 'float32', [1, 'sequence', hiddenSize]);
  const logitRows = g.input('logitRows', 'int64', ['rows']);
  const attention = attentionShape(architecture);
  const inputs = cacheInputs(g, architecture, attention, parts.acceleration);
  const blockNorm: Norm = { kind: architecture.norm, epsilon: architecture.normEpsilon };
  const nextNorm = (layer: number) =>
    layer < layerCount ? layerNames(architecture, layer).inputNorm : finalNormName(architecture);

  let sum = embeddings;
  if (architecture.embeddingScale !== 1) {
    sum = multiply(g, sum, g.scalar('float32', architecture.embeddingScale));
  }
  g.tap('embeddings', sum);
  let normed = norm(g, sum, nextNorm(0), blockNorm);
  let positions = inputs.positions;
  let scores: Value | null = null;
  const presents: [Value, Value][] = [];

  for (let layer = 0; layer < layerCount; layer++) {
    g.scope(`layers.${layer}`, () => {
      if (parts.acceleration?.layer === layer && inputs.visual && scores && positions) {
        const pruned = pruneVisualTokens(
          g,
          parts.acceleration,
          scores,
          inputs.visual,
          [sum, normed],
          positions,
        );
        [sum, normed] = pruned.rows as [Value, Value];
        positions = pruned.positions;
      }
      const names = layerNames(architecture, layer);
      const lengths = inputs.lengthsOf(layer);
      // Layers after the pruning see tokens that are no longer contiguous; the one before it must
      // show its rotated queries. All others rotate inside the fused operator where it can.
      const scoring = layer + 1 === parts.acceleration?.layer;
      const outside = !rotatesInside(attention) || scoring || lengths !== inputs.lengthsOf(0);
      const past = inputs.pasts[layer] as { key: Value; value: Value };
      const attended = g.scope('attention', () =>
        causalAttention(
          g,
          normed,
          names,
          attention,
          { ...past, lengths },
          outside ? positions : null,
        ),
      );
      presents.push([attended.presentKey, attended.presentValue]);
      if (scoring && inputs.visual && attended.rotatedQuery) {
        scores = scoreVisualTokens(
          g,
          attended.rotatedQuery,
          attended.presentKey,
          attention,
          inputs.visual,
        );
      }
      const feedForward = (x: Value) =>
        emitFeedForward(g, x, architecture, layer, parts.feedForward);
      const branch = architecture.parallelBlock
        ? add(g, attended.output, feedForward(normed))
        : sequentialBranch();
      function sequentialBranch(): Value {
        ({ sum, normed } = addAndNorm(g, sum, attended.output, names.feedForwardNorm, blockNorm));
        return feedForward(normed);
      }
      ({ sum, normed } = addAndNorm(g, sum, branch, nextNorm(layer + 1), blockNorm));
      g.tap(`block.${layer}`, sum);
    });
  }
  g.tap('final', normed);

  g.output(
    'logits',
    g.scope('head', () => emitHead(g, gather(g, normed, logitRows, 1), architecture)),
  );
  for (const [layer, [key, value]] of presents.entries()) {
    g.output(`present.${layer}.key`, key);
    g.output(`present.${layer}.value`, value);
  }
}

export function attentionShape(architecture: DecoderArchitecture): CausalAttentionShape {
  const rotary = rotaryShape(architecture);
  return {
    ...architecture,
    rotary: { size: rotary.size, table: rotaryTable(rotary, architecture.contextLength) },
  };
}

interface CacheInputs {
  readonly positions: Value | null;
  readonly pasts: readonly { readonly key: Value; readonly value: Value }[];
  readonly lengthsOf: (layer: number) => CacheLengths;
  readonly visual: VisualRun | null;
}

function cacheInputs(
  g: GraphBuilder,
  { layerCount, keyValueHeadCount }: DecoderArchitecture,
  attention: CausalAttentionShape,
  acceleration: AccelerationPart | undefined,
): CacheInputs {
  const lengths = (lastIndex: string, total: string, pairs: string): CacheLengths => ({
    lastIndex: g.input(lastIndex, 'int32', [1]),
    total: g.input(total, 'int32', []),
    pairs,
  });
  const full = lengths('lastIndex', 'totalLength', 'pairs');
  const kept = acceleration ? lengths('keptLastIndex', 'keptTotalLength', 'keptPairs') : full;
  const keptFrom = acceleration?.layer ?? layerCount;
  const size = cachedHeadSize(attention.headSize);
  const past = (layer: number, part: 'key' | 'value'): Value => {
    const capacity = layer < keptFrom ? 'capacity' : 'keptCapacity';
    return g.input(`past.${layer}.${part}`, 'float32', [1, keyValueHeadCount, capacity, size]);
  };
  const needsPositions = acceleration !== undefined || !rotatesInside(attention);
  return {
    positions: needsPositions ? g.input('positions', 'int64', [1, 'sequence']) : null,
    pasts: Array.from({ length: layerCount }, (_, layer) => ({
      key: past(layer, 'key'),
      value: past(layer, 'value'),
    })),
    lengthsOf: (layer) => (layer < keptFrom ? full : kept),
    visual: acceleration
      ? {
          start: g.input('visualStart', 'int64', []),
          end: g.input('visualEnd', 'int64', []),
          kept: g.input('keptVisual', 'int64', []),
          scoredLength: g.input('scoredLength', 'int64', []),
        }
      : null,
  };
}

function emitFeedForward(
  g: GraphBuilder,
  x: Value,
  architecture: DecoderArchitecture,
  layer: number,
  part: FeedForwardPart | undefined,
): Value {
  const names = layerNames(architecture, layer);
  const shape = { ...architecture, bias: architecture.feedForwardBias };
  const dense = (input: Value) =>
    architecture.gated
      ? gatedFeedForward(g, input, names, shape)
      : plainFeedForward(g, input, names, shape);
  if (!part?.replaces(layer, architecture.layerCount)) return g.scope('mlp', () => dense(x));
  const host = { ...shape, name: names.feedForward, gated: architecture.gated, dense };
  return g.scope('moe', () => part.emit(g, x, host));
}

function emitHead(g: GraphBuilder, x: Value, architecture: DecoderArchitecture): Value {
  const { vocabularySize, hiddenSize, tiedEmbeddings, headBias } = architecture;
  const weight = tiedEmbeddings
    ? g.tensor(embeddingName, [vocabularySize, hiddenSize], 'embedding')
    : g.tensor(`${headName}.weight`, [vocabularySize, hiddenSize], 'matrix');
  const bias = headBias ? g.tensor(`${headName}.bias`, [vocabularySize], 'bias') : null;
  return matrixProduct(g, x, weight, bias); // [1, rows, V]
}
