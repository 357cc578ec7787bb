/** What every Q-Former does with its queries and an instruction: both are normed alike, then go through its layers. */
import { error, type Problem } from '#engine/contract/problem.ts';
import type { WireOf } from '#engine/node/wire.ts';
import { embedIds } from '#engine/onnx/blocks/embedding.ts';
import { norm, type Norm } from '#engine/onnx/blocks/norm.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { add } from '#engine/onnx/operators.ts';
import { lengthOf, repeatAs, slice, unsqueeze } from '#engine/onnx/shape-operators.ts';
import type { Dim, DimBindings, Value } from '#engine/onnx/value.ts';
import { qFormerLayers } from './q-former-layers.ts';
import type { HearingShape } from './q-former-params.ts';

type Instruction = WireOf<'token-ids'> | undefined;

/** Why an instruction is too long to be heard; null where it is not. */
export function instructionProblem(
  instruction: Instruction,
  { positionCount }: HearingShape,
): Problem | null {
  if (!instruction || instruction.count.most <= positionCount) return null;
  const message = `The instruction may have ${instruction.count.most} tokens, the Q-Former has positions for ${positionCount}; let the tokeniser give at most ${positionCount}.`;
  return error('dimension-mismatch', message, { port: 'instruction' });
}

/** Queries and words together, where the number of words is known only when the graph runs. */
const joinedSymbol = 'joinedCount';

export const joinedDims = (
  { queryCount }: HearingShape,
  instruction: Instruction,
): DimBindings => ({
  [joinedSymbol]: queryCount + (instruction?.count.tokens ?? 0),
});

function joinedCount({ queryCount }: HearingShape, instruction: Instruction): Dim {
  if (!instruction) return queryCount;
  const { known, tokens } = instruction.count;
  return known ? queryCount + tokens : joinedSymbol;
}

/** An instruction [1, T] with its wire. */
export interface Heard {
  readonly ids: Value;
  readonly wire: WireOf<'token-ids'>;
}

/** picture [views, N, Dv] → the answers of the queries, [views, Q, D] */
export function askPicture(
  g: GraphBuilder,
  picture: Value,
  heard: Heard | null,
  shape: HearingShape,
): Value {
  const kind: Norm = { kind: 'layer', epsilon: shape.normEpsilon };
  // Queries and text are normed alike and are the same for all views.
  const forViews = (x: Value) => repeatAs(g, norm(g, x, 'qformer.layernorm', kind), 0, picture, 0);
  const learned = [1, shape.queryCount, shape.hiddenSize];
  const queries = g.weight(g.tensor('query_tokens', learned, 'embedding'));
  const text = heard && embedText(g, heard.ids, shape);
  const state = { queries: forViews(queries), text: text && forViews(text) };
  return qFormerLayers(g, state, picture, shape, joinedCount(shape, heard?.wire));
}

/** ids [1, T] → words and their places [1, T, D] */
function embedText(g: GraphBuilder, ids: Value, shape: HearingShape): Value {
  const { vocabularySize, hiddenSize, positionCount } = shape;
  const name = (part: string) => `qformer.embeddings.${part}_embeddings.weight`;
  const words = embedIds(g, ids, { vocabularySize, hiddenSize, embedding: name('word') });
  const table = g.weight(g.tensor(name('position'), [positionCount, hiddenSize], 'embedding'));
  const count = unsqueeze(g, lengthOf(g, ids, 1), 0);
  return add(g, words, slice(g, table, 0, g.list(0), count, ids.shape[1] as Dim));
}
