/** Experts that every token goes to, beside those that are chosen: how their share comes in, one row each. */
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import type { ChoiceOption } from '#engine/node/param.ts';
import { add, multiply, sigmoid, softmax } from '#engine/onnx/operators.ts';
import { split } from '#engine/onnx/shape-operators.ts';
import type { Value } from '#engine/onnx/value.ts';

interface SharedRow {
  readonly label: string;
  readonly about: string;
  /** What the chosen experts have made of the tokens and what the shared one makes of them, [1, T, D] each → [1, T, D] */
  readonly join: (g: GraphBuilder, parts: Joined) => Value;
}

interface Joined {
  readonly chosen: Value;
  readonly shared: () => Value;
  /** A small linear over x, by the name of its weights behind the host's: [1, T, outputs]. */
  readonly weigh: (name: string, outputs: number, bias: boolean) => Value;
}

export const sharedExperts = {
  none: {
    label: 'None',
    about: 'A token sees only the experts that are chosen for it.',
    join: (_g, { chosen }) => chosen,
  },
  added: {
    label: 'Added',
    about:
      "What one more expert makes of every token is added: DeepSeek-V2, Med-MoE's meta expert.",
    join: (g, { chosen, shared }) => add(g, chosen, shared()),
  },
  gated: {
    label: 'Behind a gate',
    about: 'As added, times a number between 0 and 1 that follows from the token: Qwen2-MoE.',
    join: gated,
  },
  mixed: {
    label: 'Mixed by two weights',
    about: 'Two learned weights that sum to one mix both: residual MoE, as in DeepSpeed.',
    join: mixed,
  },
} as const satisfies Record<string, SharedRow>;

export type SharedName = keyof typeof sharedExperts;

export const sharedOptions = Object.entries(sharedExperts).map(([value, { label, about }]) => ({
  value: value as SharedName,
  label,
  about,
})) satisfies readonly ChoiceOption[];

/** Name: `<host>.shared_gate.weight` [1, D]. */
function gated(g: GraphBuilder, { chosen, shared, weigh }: Joined): Value {
  const gate = sigmoid(g, weigh('shared_gate', 1, false)); // [1, T, 1]
  return add(g, chosen, multiply(g, gate, shared()));
}

/** Names: `<host>.coefficient.weight` [2, D] and `.bias` [2]: first the chosen experts', then the shared one's. */
function mixed(g: GraphBuilder, { chosen, shared, weigh }: Joined): Value {
  const weights = softmax(g, weigh('coefficient', 2, true), -1); // [1, T, 2]
  const [ofChosen, ofShared] = split(g, weights, -1, [1, 1]) as [Value, Value];
  return add(g, multiply(g, chosen, ofChosen), multiply(g, shared(), ofShared));
}
