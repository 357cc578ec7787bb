/** The plain vision transformer that CLIP and SigLIP share: patch embedding and pre-norm blocks. */
import { int, ints, type GraphBuilder } from '../graph-builder.ts';
import { add, concatenate, reshape, transpose } from '../operators.ts';
import type { Value } from '../value.ts';
import { plainFeedForward, type Activation } from './feed-forward.ts';
import { linear } from './linear.ts';
import { addAndNorm, norm, type Norm } from './norm.ts';

export interface VisionTransformerShape {
  readonly imageSize: number;
  readonly patchSize: number;
  readonly hiddenSize: number;
  readonly layerCount: number;
  readonly headCount: number;
  readonly feedForwardSize: number;
  readonly activation: Activation;
  readonly normEpsilon: number;
}

/** Patches along one side; the convolution drops what does not fill a patch. */
export function patchesPerSide(
  shape: Pick<VisionTransformerShape, 'imageSize' | 'patchSize'>,
): number {
  return Math.floor(shape.imageSize / shape.patchSize);
}

/** Pixels [1, 3, S, S] → patch tokens [1, N, D], row by row from the top left. */
export function patchEmbedding(
  g: GraphBuilder,
  pixels: Value,
  shape: VisionTransformerShape,
  { bias }: { readonly bias: boolean },
): Value {
  const { patchSize, hiddenSize } = shape;
  const side = patchesPerSide(shape);
  const name = 'embeddings.patch_embedding';
  const weight = g.weight(
    g.tensor(`${name}.weight`, [hiddenSize, 3, patchSize, patchSize], 'matrix'),
  );
  const map = g.op(
    'Conv',
    bias
      ? [pixels, weight, g.weight(g.tensor(`${name}.bias`, [hiddenSize], 'bias'))]
      : [pixels, weight],
    { type: 'float32', shape: [1, hiddenSize, side, side] },
    {
      attributes: {
        kernel_shape: ints([patchSize, patchSize]),
        strides: ints([patchSize, patchSize]),
      },
    },
  );
  g.work(side * side * hiddenSize * 3 * patchSize * patchSize);
  return transpose(g, reshape(g, map, [1, hiddenSize, side * side]), 0, 2, 1);
}

/** A learned class token before the patch tokens. [1, N, D] → [1, N + 1, D] */
export function prependClassToken(g: GraphBuilder, patches: Value, hiddenSize: number): Value {
  const token = g.weight({
    kind: 'reshape',
    of: g.tensor('embeddings.class_embedding', [hiddenSize], 'embedding'),
    shape: [1, 1, hiddenSize],
  });
  return concatenate(g, [token, patches], 1, (patches.shape[1] as number) + 1);
}

/** Adds the learned position table. [1, N, D] → [1, N, D] */
export function addPositions(g: GraphBuilder, tokens: Value): Value {
  const [, count, hiddenSize] = tokens.shape as readonly number[] as [number, number, number];
  const table = g.tensor('embeddings.position_embedding.weight', [count, hiddenSize], 'embedding');
  return add(g, tokens, g.weight(table));
}

/**
 * `count` pre-norm blocks: x + attention(norm1(x)), then x + feedForward(norm2(x)). [1, N, D] → [1, N, D]
 * Taps `query` and `key` [1, N, D]: what the last layer's projections make of its input, even where
 * `count` stops before that layer (PruMerge ranks tokens by them).
 */
export function encoderBlocks(
  g: GraphBuilder,
  tokens: Value,
  shape: VisionTransformerShape,
  { count, queryKey }: { readonly count: number; readonly queryKey: boolean },
): Value {
  const blockNorm: Norm = { kind: 'layer', epsilon: shape.normEpsilon };
  const last = shape.layerCount - 1;
  const layerName = (layer: number) => `encoder.layers.${layer}`;
  // Queries and keys are those of the last layer's input: blocks behind the features run for them alone.
  const until = queryKey ? Math.max(count, last) : count;
  const needsInputOf = (layer: number) => layer < until || (queryKey && layer === last);

  let sum = tokens;
  let features = tokens;
  let normed = needsInputOf(0) ? norm(g, sum, `${layerName(0)}.layer_norm1`, blockNorm) : sum;
  for (let layer = 0; layer < until; layer++) {
    g.scope(`layers.${layer}`, () => {
      const attended = selfAttention(g, normed, `${layerName(layer)}.self_attn`, shape);
      ({ sum, normed } = addAndNorm(
        g,
        sum,
        attended,
        `${layerName(layer)}.layer_norm2`,
        blockNorm,
      ));
      const names = { up: `${layerName(layer)}.mlp.fc1`, down: `${layerName(layer)}.mlp.fc2` };
      const branch = g.scope('mlp', () =>
        plainFeedForward(g, normed, names, { ...shape, bias: true }),
      );
      if (needsInputOf(layer + 1)) {
        const next = `${layerName(layer + 1)}.layer_norm1`;
        ({ sum, normed } = addAndNorm(g, sum, branch, next, blockNorm));
      } else {
        sum = add(g, sum, branch);
      }
    });
    if (layer + 1 === count) features = sum;
  }
  if (queryKey && count <= last) {
    g.scope(`layers.${last}`, () =>
      projectQueryKey(g, normed, `${layerName(last)}.self_attn`, shape),
    );
  }
  return features;
}

function projectQueryKey(
  g: GraphBuilder,
  x: Value,
  name: string,
  { hiddenSize }: VisionTransformerShape,
): { query: Value; key: Value } {
  const shape = { inputs: hiddenSize, outputs: hiddenSize, bias: true };
  return {
    query: g.tap('query', linear(g, x, `${name}.q_proj`, shape)),
    key: g.tap('key', linear(g, x, `${name}.k_proj`, shape)),
  };
}

function selfAttention(
  g: GraphBuilder,
  x: Value,
  name: string,
  shape: VisionTransformerShape,
): Value {
  return g.scope('attention', () => {
    const { hiddenSize, headCount } = shape;
    const projection = { inputs: hiddenSize, outputs: hiddenSize, bias: true };
    const { query, key } = projectQueryKey(g, x, name, shape);
    const value = linear(g, x, `${name}.v_proj`, projection);
    const count = x.shape[1] as number;
    g.work(2 * count * count * hiddenSize);
    const attended = g.op('MultiHeadAttention', [query, key, value], x, {
      domain: 'com.microsoft',
      attributes: { num_heads: int(headCount) },
    });
    return linear(g, attended, `${name}.out_proj`, projection);
  });
}
