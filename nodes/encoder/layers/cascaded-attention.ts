/** Attention in which each head sees a share of the channels, and what the head before made of its own. */
import { attend } from '#engine/onnx/blocks/attention.ts';
import { normedConvolution, samePadding } from '#engine/onnx/blocks/convolution.ts';
import { mapToTokens, tokensToMap } from '#engine/onnx/blocks/feature-map.ts';
import { activate } from '#engine/onnx/blocks/feed-forward.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { add } from '#engine/onnx/operators.ts';
import { concatenate, gather, reshape, split } from '#engine/onnx/shape-operators.ts';
import { fixedDim, type Value } from '#engine/onnx/value.ts';

export interface CascadedShape {
  readonly headCount: number;
  /** Channels of one head's queries and keys; its values have an equal share of all. */
  readonly keySize: number;
  /** Side of the kernel over each head's queries. */
  readonly kernels: readonly number[];
}

const epsilon = 1e-5;

/**
 * Places of a square map attend to one another, with biases by distance. `name` has `qkvs.H` and `dws.H` for each
 * head, `proj.1`, and `attention_biases` [heads, side²]. [B, D, side, side] → the same. Source: 2305.07027.
 */
export function cascadedAttention(
  g: GraphBuilder,
  map: Value,
  name: string,
  { headCount, keySize, kernels }: CascadedShape,
): Value {
  const channels = fixedDim(map, 1);
  const side = fixedDim(map, 2);
  const share = channels / headCount;
  const shares = split(
    g,
    map,
    1,
    Array.from({ length: headCount }, () => share),
  );
  const biases = distanceBiases(g, `${name}.attention_biases`, headCount, side);
  const answers: Value[] = [];
  for (const [head, own] of shares.entries()) {
    const before = answers.at(-1);
    const given = before ? add(g, own, before) : own; // [B, D / heads, side, side]
    const kernel = kernels[head] ?? 1;
    const bias = biases[head] as Value;
    answers.push(
      g.scope(`heads.${head}`, () => oneHead(g, given, { name, head, keySize, kernel }, bias)),
    );
  }
  const joined = activate(g, concatenate(g, answers, 1, channels), 'relu');
  const across = { inputs: channels, outputs: channels, kernel: 1 };
  return normedConvolution(g, joined, namesOf(`${name}.proj.1`), across, epsilon);
}

interface Head {
  readonly name: string;
  readonly head: number;
  readonly keySize: number;
  readonly kernel: number;
}

/** map [B, C, side, side], bias [1, N, N] → [B, C, side, side] */
function oneHead(g: GraphBuilder, map: Value, of: Head, bias: Value): Value {
  const { name, head, keySize, kernel } = of;
  const share = fixedDim(map, 1);
  const across = { inputs: share, outputs: 2 * keySize + share, kernel: 1 };
  const all = normedConvolution(g, map, namesOf(`${name}.qkvs.${head}`), across, epsilon);
  const [asked, key, value] = split(g, all, 1, [keySize, keySize, share]) as [Value, Value, Value];
  const around = {
    inputs: keySize,
    outputs: keySize,
    kernel,
    groups: keySize,
    padding: samePadding(kernel),
  };
  const query = normedConvolution(g, asked, namesOf(`${name}.dws.${head}`), around, epsilon);
  const tokens = {
    query: mapToTokens(g, query),
    key: mapToTokens(g, key),
    value: mapToTokens(g, value),
  };
  const attended = attend(g, tokens, { headCount: 1 }, { bias }); // [B, N, C]
  return tokensToMap(g, attended, { rows: fixedDim(map, 2), columns: fixedDim(map, 3) });
}

/** One [1, N, N] a head: what is learned for how many rows and columns apart two places lie, whichever way. */
function distanceBiases(
  g: GraphBuilder,
  name: string,
  headCount: number,
  side: number,
): readonly Value[] {
  const count = side * side;
  const table = g.weight(g.tensor(name, [headCount, count], 'embedding'));
  const apart = (a: number, b: number) => Math.abs(a - b);
  const indices = Array.from({ length: count * count }, (_, index) => {
    const [from, to] = [Math.floor(index / count), index % count];
    const rows = apart(Math.floor(from / side), Math.floor(to / side));
    return rows * side + apart(from % side, to % side);
  });
  const places = g.constant('int32', [indices.length], indices);
  const biases = reshape(g, gather(g, table, places, 1), [headCount, count, count]);
  return split(
    g,
    biases,
    0,
    Array.from({ length: headCount }, () => 1),
  );
}

const namesOf = (name: string) => ({ convolution: `${name}.conv`, norm: `${name}.bn` });
