/** How tokens are sent to experts, one row each. */
import type { Problem } from '#engine/contract/problem.ts';
import { error } from '#engine/contract/problem.ts';
import type { ChoiceOption } from '#engine/node/param.ts';
import {
  chooseBest,
  chooseInBand,
  chooseInGroups,
  chooseThenWeigh,
  chooseWithinCapacity,
  type ExpertChoice,
} from '#engine/onnx/blocks/expert-choice.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import type { Value } from '#engine/onnx/value.ts';

export interface RoutingFigures {
  readonly experts: number;
  readonly topK: number;
  readonly renormalise: boolean;
  readonly groups: number;
  readonly chosenGroups: number;
  readonly jitter: number;
  readonly capacityFactor: number;
  readonly leastCapacity: number;
}

interface RoutingRow {
  readonly label: string;
  readonly about: string;
  /** logits [T, E] → experts and weights [T, k] */
  readonly choose: (g: GraphBuilder, logits: Value, figures: RoutingFigures) => ExpertChoice;
  /** Why these figures cannot be; null where they can. */
  readonly problem: (figures: RoutingFigures) => Problem | null;
}

const fits = () => null;

const wrong = (message: string, param: string): Problem =>
  error('param-invalid', message, { param });

export const routings = {
  softmax: {
    label: 'Softmax, then the best',
    about: 'A softmax over all experts, of which the largest are taken: Mixtral, Qwen-MoE, OLMoE.',
    choose: chooseBest,
    problem: fits,
  },
  'chosen-softmax': {
    label: 'The best, then softmax',
    about: 'A softmax over only those that are taken: Granite-MoE.',
    choose: (g, logits, { topK }) => chooseThenWeigh(g, logits, topK),
    problem: fits,
  },
  groups: {
    label: 'In groups',
    about: 'Groups of experts are chosen first, then experts of just these: DeepSeek-V2.',
    choose: chooseInGroups,
    problem: groupsProblem,
  },
  'sparse-mixer': {
    label: 'Sparse mixer',
    about: 'One expert after the other, each weighed against those that come near it: Phi-3.5-MoE.',
    choose: chooseInBand,
    problem: ({ topK }) =>
      topK > 2
        ? wrong(
            `The sparse mixer takes two experts a token at most, not ${topK}; set experts a token to 1 or 2.`,
            'topK',
          )
        : null,
  },
  capacity: {
    label: 'Within a capacity',
    about:
      'Each expert takes so many tokens and no more; what finds no place is dropped: DeepSpeed, MoE-LLaVA.',
    choose: (g, logits, { topK, capacityFactor, leastCapacity }) =>
      chooseWithinCapacity(g, logits, { topK, factor: capacityFactor, least: leastCapacity }),
    problem: ({ topK }) =>
      topK > 2
        ? wrong(
            `Within a capacity a token goes to two experts at most, not ${topK}; set experts a token to 1 or 2.`,
            'topK',
          )
        : null,
  },
} as const satisfies Record<string, RoutingRow>;

export type RoutingName = keyof typeof routings;

export const routingOptions = Object.entries(routings).map(([value, { label, about }]) => ({
  value: value as RoutingName,
  label,
  about,
})) satisfies readonly ChoiceOption[];

function groupsProblem(figures: RoutingFigures): Problem | null {
  const { experts, topK, groups, chosenGroups } = figures;
  if (experts % groups !== 0)
    return wrong(
      `${experts} experts do not divide into ${groups} equal groups; choose a number of groups that divides them.`,
      'groups',
    );
  if (chosenGroups > groups)
    return wrong(
      `${chosenGroups} of ${groups} groups cannot be chosen; set groups a token to ${groups} or fewer.`,
      'chosenGroups',
    );
  const open = (experts / groups) * chosenGroups;
  if (topK > open)
    return wrong(
      `${chosenGroups} of ${groups} groups hold ${open} experts, a token is to have ${topK}; choose more groups a token, or fewer experts.`,
      'topK',
    );
  return null;
}

/** Why a token cannot be sent so; null where it can. */
export function routingProblem(routing: RoutingName, figures: RoutingFigures): Problem | null {
  const { experts, topK } = figures;
  if (topK > experts)
    return wrong(
      `A token cannot go to ${topK} of ${experts} experts; set experts a token to ${experts} or fewer.`,
      'topK',
    );
  return routings[routing].problem(figures);
}
