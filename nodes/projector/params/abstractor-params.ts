/** What Honeybee's two abstractors have in common: how many tokens go out, learned places, tokens that end a picture. */
import type { ParamValues } from '#engine/node/param.ts';
import { knownCount, type Grid, type WireOf } from '#engine/node/wire.ts';
import { appendTokens } from '#engine/onnx/blocks/patch-embedding.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { add } from '#engine/onnx/operators.ts';
import { fixedDim, type Value } from '#engine/onnx/value.ts';
import type { WeightExpression } from '#engine/onnx/weight.ts';

export const abstractorParams = {
  side: {
    kind: 'integer',
    label: 'Side',
    help: 'Tokens along one side of the square grid that goes out: 12, 16 or 24 in published models.',
    default: 12,
    min: 1,
    max: 64,
  },
  positions: {
    kind: 'choice',
    label: 'Positions',
    help: 'A learned vector for each place of the grid that comes in, which is then the one it was trained on.',
    default: 'grid',
    options: [
      { value: 'none', label: 'none' },
      { value: 'grid', label: 'one a place' },
      {
        value: 'grid-and-class',
        label: 'one a place and one unused',
        about: 'As old checkpoints have it: the first was for a class token that is not looked at.',
      },
    ],
    group: 'architecture',
  },
  endCount: {
    kind: 'integer',
    label: 'End tokens',
    help: 'Learned tokens behind those of each picture; none in published models.',
    default: 0,
    min: 0,
    max: 1024,
    group: 'architecture',
  },
} as const;

type AbstractorValues = ParamValues<typeof abstractorParams>;

/** What leaves an abstractor: the square grid, or no grid where tokens follow that lie on none. */
export function abstractedTokens(
  tokens: WireOf<'tokens'>,
  channels: number,
  { side, endCount }: AbstractorValues,
): WireOf<'tokens'> {
  const grid: Grid | null = endCount === 0 ? { rows: side, columns: side } : null;
  return { ...tokens, channels, count: knownCount(side ** 2 + endCount), prefixTokens: 0, grid };
}

/** Tokens of the whole grid with their learned places. [B, N, D] → the same */
export function addPlaces(
  g: GraphBuilder,
  tokens: Value,
  name: string,
  { positions }: AbstractorValues,
): Value {
  if (positions === 'none') return tokens;
  const [count, channels] = [fixedDim(tokens, 1), fixedDim(tokens, 2)];
  const unused = positions === 'grid-and-class' ? 1 : 0;
  const table = g.tensor(name, [unused + count, channels], 'embedding');
  const rows: WeightExpression = { kind: 'rows', of: table, start: unused, count };
  return add(g, tokens, g.weight(unused === 0 ? table : rows));
}

/** [B, N, D] → [B, N + end tokens, D] */
export function endPictures(
  g: GraphBuilder,
  tokens: Value,
  name: string,
  { endCount }: AbstractorValues,
): Value {
  if (endCount === 0) return tokens;
  const of = g.tensor(name, [endCount, fixedDim(tokens, 2)], 'embedding');
  return appendTokens(g, tokens, { of, count: endCount });
}
