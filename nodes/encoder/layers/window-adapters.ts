/** Monkey's adapters: each window of a picture goes through low-rank maps of its own, the whole behind them through none. */
import { headwiseRows } from '#engine/onnx/blocks/attention-projections.ts';
import type { TransformerLayer } from '#engine/onnx/blocks/vision-transformer.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { matmul, multiply } from '#engine/onnx/operators.ts';
import { padEnd, reshape, slice, transpose } from '#engine/onnx/shape-operators.ts';
import { fixedDim, type Dim, type Value } from '#engine/onnx/value.ts';
import { expressionShape, type WeightExpression } from '#engine/onnx/weight.ts';
import { qwenVlLayers, type QwenVlShape } from './qwen-vl-layers.ts';

export interface WindowedShape extends QwenVlShape {
  readonly windowCount: number;
  readonly attentionRank: number;
  readonly feedForwardRank: number;
}

/**
 * Qwen-VL's layers with adapters beside the projections, the output and the whole feed-forward, by the place of the view:
 * windows first, then the whole. Source: Yuliang-Liu/Monkey, monkey_model/visual.py (Lora_Adapter).
 */
export function windowedLayers(g: GraphBuilder, shape: WindowedShape): readonly TransformerLayer[] {
  const { hiddenSize, attentionRank, feedForwardRank } = shape;
  const adapter = (name: string, rank: number, outputs: number) =>
    windowAdapter(g, name, shape.windowCount, { inputs: hiddenSize, rank, outputs });
  return qwenVlLayers(g, shape).map((layer, index): TransformerLayer => {
    const name = `transformer.resblocks.${index}`;
    const joined = adapter(`${name}.attn.in_proj_lora`, attentionRank, 3 * hiddenSize);
    const output = adapter(`${name}.attn.out_proj_lora`, attentionRank, hiddenSize);
    const feedForward = adapter(`${name}.mlp_lora`, feedForwardRank, hiddenSize);
    return {
      ...layer,
      attention: {
        ...layer.attention,
        beside: {
          project(x) {
            const inner = joined.down(x);
            const part = (which: 'query' | 'key' | 'value') =>
              joined.up(inner, x, (rows) => headwiseRows(rows, shape)[which]);
            return { query: part('query'), key: part('key'), value: part('value') };
          },
          output: (attended) => output.up(output.down(attended), attended),
        },
      },
      besideFeedForward: (_, tokens) => feedForward.up(feedForward.down(tokens), tokens),
    };
  });
}

interface LowRank {
  readonly inputs: number;
  readonly rank: number;
  readonly outputs: number;
}

/** Names: `<name>.<window>.lora_a.weight` [r, in], `.lora_b.weight` [out, r], `.lora_scale` [1]. */
function windowAdapter(
  g: GraphBuilder,
  name: string,
  windowCount: number,
  { inputs, rank, outputs }: LowRank,
) {
  const windows = Array.from({ length: windowCount }, (_, window) => `${name}.${window}`);
  /** Of each window one below the other, as maps from rows. */
  const stacked = (parts: readonly WeightExpression[]): Value => {
    const [rows = 0, columns = 0] = parts[0] ? expressionShape(parts[0]) : [];
    const of: WeightExpression = { kind: 'concatenate', parts };
    const shape = [windowCount, rows, columns];
    return transpose(g, g.weight({ kind: 'reshape', of, shape }), 0, 2, 1);
  };
  const tensors = (part: string, shape: readonly number[], init: 'matrix' | 'embedding') =>
    windows.map((window) => g.tensor(`${window}.${part}.weight`, shape, init));
  return {
    /** What the windows, all views of x [windows + 1, N, in] but the last, are in the few channels. → [windows, N, r] */
    down(x: Value): Value {
      const seen = slice(g, x, 0, g.list(0), g.list(windowCount), windowCount);
      const inner = matmul(g, seen, stacked(tensors('lora_a', [rank, inputs], 'matrix')));
      const scales = windows.map((window) => g.tensor(`${window}.lora_scale`, [1], 'norm'));
      const of: WeightExpression = { kind: 'concatenate', parts: scales };
      return multiply(g, inner, g.weight({ kind: 'reshape', of, shape: [windowCount, 1, 1] }));
    },
    /** What is added to views like those of `like`: nothing to the last. → [windows + 1, N, rows picked] */
    up(
      inner: Value,
      like: Value,
      pick: (rows: WeightExpression) => WeightExpression = same,
    ): Value {
      const maps = stacked(tensors('lora_b', [outputs, rank], 'embedding').map(pick));
      const added = matmul(g, inner, maps); // [windows, N, rows]
      const all = padEnd(g, added, 0, windowCount + 1);
      return reshape(g, all, [like.shape[0] as Dim, like.shape[1] as Dim, fixedDim(added, -1)]);
    },
  };
}

const same = (rows: WeightExpression): WeightExpression => rows;
