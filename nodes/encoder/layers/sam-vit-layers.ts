/** The layers of SAM's tower, which look at windows or at all with positions by rows and columns, and its neck. */
import { attend, type Meeting } from '#engine/onnx/blocks/attention.ts';
import {
  joinedProjections,
  type QueryKeyValue,
} from '#engine/onnx/blocks/attention-projections.ts';
import { channelNorm } from '#engine/onnx/blocks/channel-norm.ts';
import { convolution } from '#engine/onnx/blocks/convolution.ts';
import { decomposedBias } from '#engine/onnx/blocks/decomposed-positions.ts';
import { mapToTokens, tokensToMap } from '#engine/onnx/blocks/feature-map.ts';
import { plainFeedForward } from '#engine/onnx/blocks/feed-forward.ts';
import { linearWeights, type LinearWeights } from '#engine/onnx/blocks/linear.ts';
import { patchEmbedding } from '#engine/onnx/blocks/patch-embedding.ts';
import { positionedTokens, type PositionTable } from '#engine/onnx/blocks/position-table.ts';
import type { TransformerLayer } from '#engine/onnx/blocks/vision-transformer.ts';
import { cutWindows, joinWindows } from '#engine/onnx/blocks/windows.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { add } from '#engine/onnx/operators.ts';
import { reshape } from '#engine/onnx/shape-operators.ts';
import type { Dim, Value } from '#engine/onnx/value.ts';
import type { TableGrid } from '#engine/onnx/weight.ts';
import {
  trainedGrid,
  type Positions,
  type VisionTransformerShape,
} from '../tower/vision-transformer-params.ts';

/** What SAM's tower has beside the figures of any vision transformer, by the names of its parameters. */
export interface SamShape extends VisionTransformerShape {
  /** Patches along a side of a window. */
  readonly windowSize: number;
  /** Every so many-th layer looks at the whole picture. */
  readonly globalEvery: number;
  /** Channels behind the neck. */
  readonly outputSize: number;
}

/** Patches and their positions, which are kept as a map [1, rows, columns, D]. [B, 3, H, W] → [B, N, D] */
export function samEmbedding(
  g: GraphBuilder,
  pixels: Value,
  shape: SamShape,
  positions: Positions,
  grid: TableGrid,
): Value {
  const { hiddenSize, patchSize } = shape;
  const embedding = { patchSize, hiddenSize, bias: true };
  const patches = patchEmbedding(g, pixels, 'patch_embed.projection', embedding);
  const trained = trainedGrid(shape);
  const { rows, columns } = trained;
  const map = g.tensor('pos_embed', [1, rows, columns, hiddenSize], 'embedding');
  const table: PositionTable = {
    of: { kind: 'reshape', of: map, shape: [rows * columns, hiddenSize] },
    prefixTokens: 0,
    trained,
    kernel: 'bicubic',
    antialias: positions === 'antialiased',
  };
  return positionedTokens(g, patches, [], table, grid);
}

export function samLayers(
  g: GraphBuilder,
  shape: SamShape,
  grid: TableGrid,
): readonly TransformerLayer[] {
  return Array.from({ length: shape.layerCount }, (_, index): TransformerLayer => {
    const layer = `layers.${index}`;
    const isGlobal = (index + 1) % shape.globalEvery === 0;
    const feedForward = { up: `${layer}.mlp.lin1`, down: `${layer}.mlp.lin2` };
    return {
      attentionNorm: `${layer}.layer_norm1`,
      feedForwardNorm: `${layer}.layer_norm2`,
      attention: attention(g, `${layer}.attn`, shape, (projections) =>
        isGlobal
          ? overAll(g, `${layer}.attn`, shape, grid)
          : inWindows(g, `${layer}.attn`, shape, grid, projections),
      ),
      feedForward: (builder, normed) =>
        plainFeedForward(builder, normed, feedForward, { ...shape, bias: true }),
    };
  });
}

/** In windows the projections leave their biases to the meeting. */
function attention(
  g: GraphBuilder,
  name: string,
  { hiddenSize, headCount }: SamShape,
  meetingOf: (projections: QueryKeyValue<LinearWeights>) => {
    readonly meeting: Meeting;
    readonly projections?: QueryKeyValue<LinearWeights>;
  },
): TransformerLayer['attention'] {
  const heads = { hiddenSize, headCount };
  const names = { weight: `${name}.qkv.weight`, bias: `${name}.qkv.bias` };
  const projections = joinedProjections(g, names, heads);
  const square = { inputs: hiddenSize, outputs: hiddenSize, bias: true };
  return {
    ...heads,
    projections,
    output: linearWeights(g, `${name}.proj`, square),
    ...meetingOf(projections),
  };
}

const tablesOf = (name: string, trained: TableGrid) => ({
  vertical: `${name}.rel_pos_h`,
  horizontal: `${name}.rel_pos_w`,
  trained,
});

function overAll(
  g: GraphBuilder,
  name: string,
  shape: SamShape,
  grid: TableGrid,
): { readonly meeting: Meeting } {
  const tables = tablesOf(name, trainedGrid(shape));
  const { headCount } = shape;
  return {
    meeting: (projected) => {
      const bias = decomposedBias(g, projected.query, headCount, grid, tables);
      return attend(g, projected, { headCount }, { bias });
    },
  };
}

/**
 * Windows are filled up with zeros before they are projected, so what fills them is looked at like any other place
 * and is the bias of the projection. The same is had by adding the biases behind the filling.
 */
function inWindows(
  g: GraphBuilder,
  name: string,
  { headCount, windowSize: window }: SamShape,
  grid: TableGrid,
  { query, key, value }: QueryKeyValue<LinearWeights>,
): { readonly meeting: Meeting; readonly projections: QueryKeyValue<LinearWeights> } {
  const square = { rows: window, columns: window };
  const tables = tablesOf(name, square);
  const cutting = { window, shift: 0 };
  const unbiased = ({ weight }: LinearWeights): LinearWeights => ({ weight, bias: null });
  return {
    projections: { query: unbiased(query), key: unbiased(key), value: unbiased(value) },
    meeting(projected) {
      const [batch, count, channels] = projected.query.shape as [Dim, Dim, Dim];
      const asMap = (x: Value) => reshape(g, x, [batch, grid.rows, grid.columns, channels]);
      const cut = (x: Value, { bias }: LinearWeights) => {
        const windows = cutWindows(g, asMap(x), cutting); // [B · windows, w², D]
        return bias ? add(g, windows, g.weight(bias)) : windows;
      };
      const inside = {
        query: cut(projected.query, query),
        key: cut(projected.key, key),
        value: cut(projected.value, value),
      };
      const bias = decomposedBias(g, inside.query, headCount, square, tables);
      const mixed = attend(g, inside, { headCount }, { bias });
      const joined = joinWindows(g, mixed, asMap(projected.query), cutting);
      return reshape(g, joined, [batch, count, channels]);
    },
  };
}

/** Of the neck, whatever the norms of the layers have. */
const neckEpsilon = 1e-6;

/** {@link samNeckMap} as tokens. [B, N, D] → [B, N, outputSize] */
export const samNeck = (g: GraphBuilder, tokens: Value, shape: SamShape, grid: TableGrid): Value =>
  mapToTokens(g, samNeckMap(g, tokens, 'neck', shape, grid));

/** Two convolutions with a norm over channels behind each. [B, N, D] → [B, outputSize, rows, columns] */
export function samNeckMap(
  g: GraphBuilder,
  tokens: Value,
  name: string,
  { hiddenSize, outputSize }: SamShape,
  grid: TableGrid,
): Value {
  return g.scope(name, () => {
    const map = tokensToMap(g, tokens, grid);
    const narrow = convolution(g, map, `${name}.conv1`, {
      inputs: hiddenSize,
      outputs: outputSize,
      kernel: 1,
      bias: false,
    });
    const mixed = convolution(
      g,
      channelNorm(g, narrow, `${name}.layer_norm1`, neckEpsilon),
      `${name}.conv2`,
      {
        inputs: outputSize,
        outputs: outputSize,
        kernel: 3,
        padding: 1,
        bias: false,
      },
    );
    return channelNorm(g, mixed, `${name}.layer_norm2`, neckEpsilon);
  });
}
