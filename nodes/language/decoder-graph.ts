/** The ONNX graphs of a decoder-only language model: the embedding table, and all of its blocks. */
import type { AccelerationPart, FeedForwardPart } from '#engine/graph/part.ts';
import { int, type GraphBuilder } from '#engine/onnx/graph-builder.ts';
import {
  cacheMask,
  causalAttention,
  futureMask,
  type CachedTokens,
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
 * Inputs: `embeddings` [1, sequence, D] of the new tokens and their `positions` [1, sequence] int64;
 * `logitRows` [rows] int64, the places among them (after pruning) whose logits are wanted; `first` []
 * bool, true where nothing is cached; `cachedLength` [] int64 and `past.<layer>.key|value`
 * [1, kvHeads, capacity, headSize], of which so many tokens count; with an acceleration part also
 * `keptCachedLength`, the same for the layers after it, and `visualStart`, `visualEnd`, `keptVisual`
 * (see visual-pruning.ts).
 * Outputs: `logits` [1, rows, V] and `new.<layer>.key|value` [1, kvHeads, sequence, headSize].
 * Taps: `embeddings`, what enters the first block; `block.<layer>`, what leaves a block; `final`.
 */
export function emitDecoder(
  g: GraphBuilder,
  architecture: DecoderArchitecture,
  parts: DecoderParts,
): void {
  const { layerCount } = architecture;
  const inputs = decoderInputs(g, architecture, parts.acceleration);
  const attention = attentionShape(architecture);
  const blockNorm: Norm = { kind: architecture.norm, epsilon: architecture.normEpsilon };
  const nextNorm = (layer: number) =>
    layer < layerCount ? layerNames(architecture, layer).inputNorm : finalNormName(architecture);

  let sum = inputs.embeddings;
  if (architecture.embeddingScale !== 1) {
    sum = multiply(g, sum, g.scalar('float32', architecture.embeddingScale));
  }
  g.tap('embeddings', sum);
  let normed = norm(g, sum, nextNorm(0), blockNorm);
  let { positions } = inputs;
  let future = futureMask(g, positions, inputs.first);
  let scores: Value | null = null;
  const cached: [Value, Value][] = [];

  for (let layer = 0; layer < layerCount; layer++) {
    g.scope(`layers.${layer}`, () => {
      const { acceleration } = parts;
      if (acceleration?.layer === layer && inputs.visual && scores) {
        const pruned = pruneVisualTokens(
          g,
          acceleration,
          scores,
          inputs.visual,
          [sum, normed],
          positions,
        );
        [sum, normed] = pruned.rows as [Value, Value];
        positions = pruned.positions;
        future = futureMask(g, positions, inputs.first);
      }
      const names = layerNames(architecture, layer);
      const attended = g.scope('attention', () =>
        causalAttention(
          g,
          normed,
          names,
          attention,
          { ...inputs.cachedIn(layer), future },
          positions,
        ),
      );
      cached.push([attended.newKey, attended.newValue]);
      if (layer + 1 === acceleration?.layer && inputs.visual) {
        scores = scoreVisualTokens(g, attended.query, attended.newKey, attention, inputs.visual);
      }
      let branch = attended.output;
      if (architecture.parallelBlock) {
        branch = add(g, branch, emitFeedForward(g, normed, architecture, layer, parts.feedForward));
      } else {
        ({ sum, normed } = addAndNorm(g, sum, branch, names.feedForwardNorm, blockNorm));
        branch = emitFeedForward(g, normed, architecture, layer, parts.feedForward);
      }
      ({ sum, normed } = addAndNorm(g, sum, branch, nextNorm(layer + 1), blockNorm));
      g.tap(`block.${layer}`, sum);
    });
  }
  g.tap('final', normed);

  const last = gather(g, normed, inputs.logitRows, 1);
  g.output(
    'logits',
    g.scope('head', () => emitHead(g, last, architecture)),
  );
  for (const [layer, [key, value]] of cached.entries()) {
    g.output(`new.${layer}.key`, key);
    g.output(`new.${layer}.value`, value);
  }
}

function attentionShape(architecture: DecoderArchitecture): CausalAttentionShape {
  const rotary = rotaryShape(architecture);
  return {
    ...architecture,
    rotary: { size: rotary.size, table: rotaryTable(rotary, architecture.contextLength) },
  };
}

interface DecoderInputs {
  readonly embeddings: Value;
  readonly positions: Value;
  readonly logitRows: Value;
  readonly first: Value;
  readonly cachedIn: (layer: number) => Omit<CachedTokens, 'future'>;
  readonly visual: VisualRun | null;
}

function decoderInputs(
  g: GraphBuilder,
  { hiddenSize, layerCount, keyValueHeadCount, headSize }: DecoderArchitecture,
  acceleration: AccelerationPart | undefined,
): DecoderInputs {
  const embeddings = g.input('embeddings', 'float32', [1, 'sequence', hiddenSize]);
  const positions = g.input('positions', 'int64', [1, 'sequence']);
  const logitRows = g.input('logitRows', 'int64', ['rows']);
  const first = g.input('first', 'bool', []);
  const keptFrom = acceleration?.layer ?? layerCount;
  const pasts = Array.from({ length: layerCount }, (_, layer) => {
    const shape = [1, keyValueHeadCount, layer < keptFrom ? 'capacity' : 'keptCapacity', headSize];
    return {
      key: g.input(`past.${layer}.key`, 'float32', shape),
      value: g.input(`past.${layer}.value`, 'float32', shape),
    };
  });
  const maskOf = (layer: number, length: string) =>
    cacheMask(g, (pasts[layer] as { key: Value }).key, g.input(length, 'int64', []));
  const full = { mask: maskOf(0, 'cachedLength'), first, pairs: 'pairs' };
  const kept =
    keptFrom < layerCount
      ? { ...full, mask: maskOf(keptFrom, 'keptCachedLength'), pairs: 'keptPairs' }
      : full;
  return {
    embeddings,
    positions,
    logitRows,
    first,
    cachedIn: (layer) => ({
      ...(pasts[layer] as { key: Value; value: Value }),
      ...(layer < keptFrom ? full : kept),
    }),
    visual: acceleration
      ? {
          start: g.input('visualStart', 'int64', []),
          end: g.input('visualEnd', 'int64', []),
          kept: g.input('keptVisual', 'int64', []),
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
