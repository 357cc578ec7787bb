/** The decoder layers of Deformable DETR: queries meet one another, then look at a few points of the picture each. */
import { attend } from '#engine/onnx/blocks/attention.ts';
import {
  deformableAttention,
  type DeformableMemory,
} from '#engine/onnx/blocks/deformable-attention.ts';
import { plainFeedForward, type Activation } from '#engine/onnx/blocks/feed-forward.ts';
import { linear } from '#engine/onnx/blocks/linear.ts';
import { normOfSum, type Norm } from '#engine/onnx/blocks/norm.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { add } from '#engine/onnx/operators.ts';
import type { Value } from '#engine/onnx/value.ts';

/** The figures of the layers, by the names of a node's parameters. */
export interface DeformableShape {
  readonly hiddenSize: number;
  readonly headCount: number;
  readonly pointCount: number;
  readonly feedForwardSize: number;
  readonly activation: Activation;
}

/** What the queries [B, Q, D] carry through the layers, and the places that are added wherever they ask. */
export interface PlacedQueries {
  readonly state: Value;
  readonly positions: Value;
}

const layerNorm: Norm = { kind: 'layer', epsilon: 1e-5 };

/**
 * One layer, each of its three parts with a residual and a norm behind it; `name` is put before the names of its
 * weights. → [B, Q, D]. Source: transformers, models/deformable_detr (DeformableDetrDecoderLayer).
 */
export function deformableLayer(
  g: GraphBuilder,
  { state, positions }: PlacedQueries,
  memory: DeformableMemory,
  name: string,
  shape: DeformableShape,
): Value {
  const part = (of: string) => `${name}.${of}`;
  const met = g.scope('attention', () =>
    normOfSum(
      g,
      state,
      attendToQueries(g, state, add(g, state, positions), part('self_attn'), shape),
      part('self_attn_layer_norm'),
      layerNorm,
    ),
  );
  const seen = g.scope('deformable', () => {
    const asking = add(g, met, positions);
    const looked = deformableAttention(g, asking, memory, part('encoder_attn'), shape);
    return normOfSum(g, met, looked, part('encoder_attn_layer_norm'), layerNorm);
  });
  return g.scope('mlp', () => {
    const names = { up: part('fc1'), down: part('fc2') };
    const branch = plainFeedForward(g, seen, names, { ...shape, bias: true });
    return normOfSum(g, seen, branch, part('final_layer_norm'), layerNorm);
  });
}

/** Places tell who looks at whom, but are not handed on. Both [B, Q, D] → [B, Q, D] */
function attendToQueries(
  g: GraphBuilder,
  state: Value,
  placed: Value,
  name: string,
  { hiddenSize, headCount }: DeformableShape,
): Value {
  const square = { inputs: hiddenSize, outputs: hiddenSize, bias: true };
  const project = (x: Value, part: string) => linear(g, x, `${name}.${part}`, square);
  const projected = {
    query: project(placed, 'q_proj'),
    key: project(placed, 'k_proj'),
    value: project(state, 'v_proj'),
  };
  return project(attend(g, projected, { headCount }), 'out_proj');
}
