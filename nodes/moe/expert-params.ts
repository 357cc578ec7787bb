/** What experts are: how many, how wide, in which layers, how tokens are sent to them and which one all share. */
import type { Json } from '#engine/contract/document.ts';
import { layerNumberParams } from '#engine/node/layer-choice.ts';
import type { ParamValues } from '#engine/node/param.ts';
import {
  publishedExpertOptions,
  publishedExperts,
  type PublishedExperts,
} from './published-experts.ts';
import { routingOptions, type RoutingName } from './routings.ts';
import { sharedOptions } from './shared-experts.ts';

const custom = { param: 'model', is: ['custom'] } as const;
const routedBy = (...names: readonly RoutingName[]) => [custom, { param: 'routing', is: names }];
const hasShared = [custom, { param: 'shared', is: ['added', 'gated', 'mixed'] }] as const;

const numbers = layerNumberParams(
  'Which layers of the language model get experts; MoE-LLaVA has them in every second.',
  'every-second',
);
const withNumbers = (value: 'from-on' | 'listed') => [custom, { param: 'layers', is: [value] }];

export const expertParams = {
  model: {
    kind: 'choice',
    label: 'Experts of',
    help: 'A published mixture of experts, or figures of your own.',
    default: 'custom',
    options: [{ value: 'custom', label: 'Custom' }, ...publishedExpertOptions],
    standsFor: (value: string) => figuresFor(value),
  },
  experts: {
    kind: 'integer',
    label: 'Experts',
    help: 'Feed-forwards to choose from.',
    default: 4,
    min: 1,
    max: 256,
    shownWhen: custom,
  },
  topK: {
    kind: 'integer',
    label: 'Experts a token',
    help: 'How many experts the router sends each token to.',
    default: 2,
    min: 1,
    max: 256,
    shownWhen: custom,
  },
  layers: { ...numbers.layers, shownWhen: custom },
  firstLayer: { ...numbers.firstLayer, shownWhen: withNumbers('from-on') },
  layerStep: { ...numbers.layerStep, shownWhen: withNumbers('from-on') },
  layerList: { ...numbers.layerList, shownWhen: withNumbers('listed') },
  routing: {
    kind: 'choice',
    label: 'Routing',
    help: "How the router's numbers become a choice of experts, and how much each of them counts.",
    default: 'softmax',
    options: routingOptions,
    shownWhen: custom,
  },
  renormalise: {
    kind: 'flag',
    label: 'Renormalise',
    help: 'The weights of the chosen experts are scaled to sum to one.',
    default: true,
    shownWhen: routedBy('softmax', 'groups'),
  },
  groups: {
    kind: 'integer',
    label: 'Groups',
    help: 'Equal groups in which the experts lie.',
    default: 1,
    min: 1,
    max: 256,
    shownWhen: routedBy('groups'),
  },
  chosenGroups: {
    kind: 'integer',
    label: 'Groups a token',
    help: 'From how many groups the experts of a token may come.',
    default: 1,
    min: 1,
    max: 256,
    shownWhen: routedBy('groups'),
  },
  jitter: {
    kind: 'number',
    label: 'Jitter',
    help: 'Half the relative distance from the largest number within which another expert still counts.',
    default: 0.01,
    min: 0,
    max: 1,
    shownWhen: routedBy('sparse-mixer'),
  },
  capacityFactor: {
    kind: 'number',
    label: 'Capacity factor',
    help: 'How many times an even share of the tokens that are read at once an expert takes; the experts times over is room for all.',
    default: 2,
    min: 0,
    max: 256,
    shownWhen: routedBy('capacity'),
  },
  leastCapacity: {
    kind: 'integer',
    label: 'Least capacity',
    help: 'How many tokens an expert takes at least, of however few.',
    default: 0,
    min: 0,
    max: 65_536,
    shownWhen: routedBy('capacity'),
  },
  scale: {
    kind: 'number',
    label: 'Scale',
    help: 'What the chosen experts make of a token is multiplied by this; DeepSeek-V2 takes 16.',
    default: 1,
    min: 0,
    max: 1000,
    shownWhen: custom,
  },
  expertSize: {
    kind: 'optional-integer',
    label: 'Expert width',
    help: 'Inner channels of one expert; many narrow ones cost as much as few wide ones.',
    default: null,
    min: 1,
    max: 65_536,
    whenEmpty: 'as the dense layer',
    shownWhen: custom,
  },
  shared: {
    kind: 'choice',
    label: 'Shared expert',
    help: 'One more expert that every token goes to, whatever the router says.',
    default: 'none',
    options: sharedOptions,
    shownWhen: custom,
  },
  sharedSize: {
    kind: 'optional-integer',
    label: 'Shared width',
    help: 'Inner channels of the shared expert; several of them together are one as wide as all.',
    default: null,
    min: 1,
    max: 262_144,
    whenEmpty: 'as the dense layer',
    shownWhen: hasShared,
  },
} as const;

export type ExpertFigures = Omit<ParamValues<typeof expertParams>, 'model'>;

const standard = Object.fromEntries(
  Object.entries(expertParams).map(([name, param]) => [name, param.default]),
) as ExpertFigures;

function figuresFor(model: string): Readonly<Record<string, Json>> {
  if (!Object.hasOwn(publishedExperts, model)) return {};
  return { ...standard, ...publishedExperts[model as PublishedExperts] };
}

/** The figures of a published mixture, or one's own. */
export function expertFigures(values: ParamValues<typeof expertParams>): ExpertFigures {
  return values.model === 'custom' ? values : { ...standard, ...publishedExperts[values.model] };
}
