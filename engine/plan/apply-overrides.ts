/** What a caller asks for in place of what the graph's own nodes say. */
import type { GraphDocument, Json } from '../contract/document.ts';
import { fail, ok, type Outcome } from '../contract/outcome.ts';
import { error } from '../contract/problem.ts';
import type { ImageSource, WeightsChoice } from '../contract/sources.ts';
import type { Catalogue } from '../node/node-definition.ts';

export interface Overrides {
  readonly image?: ImageSource | undefined;
  readonly prompt?: string | undefined;
  readonly maxNewTokens?: number | undefined;
  /** Seed of sampling and of random weights. */
  readonly seed?: number | undefined;
}

/** Which parameter an override sets, and what to say where no node has it. */
const targets = {
  image: {
    type: 'input/image',
    param: 'source',
    code: 'image-missing',
    lacking: 'no Image node to put the picture into',
  },
  prompt: {
    type: 'input/prompt',
    param: 'text',
    code: 'prompt-missing',
    lacking: 'no Prompt node to put the prompt into',
  },
  maxNewTokens: {
    type: null,
    param: 'maxNewTokens',
    code: 'output-missing',
    lacking: 'no language model that writes tokens',
  },
} as const;

export function applyOverrides(
  document: GraphDocument,
  overrides: Overrides,
  catalogue: Catalogue,
): Outcome<GraphDocument> {
  const nodes = { ...document.nodes };
  const set = (id: string, param: string, value: Json): void => {
    const node = nodes[id] as GraphDocument['nodes'][string];
    nodes[id] = { ...node, params: { ...node.params, [param]: value } };
  };
  for (const [name, target] of Object.entries(targets)) {
    const value = overrides[name as keyof typeof targets];
    if (value === undefined) continue;
    const ids = Object.entries(nodes).flatMap(([id, { type }]) =>
      (target.type ?? type) === type && hasParam(catalogue, type, target.param) ? [id] : [],
    );
    if (ids.length === 0) {
      const message = `The graph has ${target.lacking}; add one, or leave the option out.`;
      return fail(error(target.code, message));
    }
    for (const id of ids) set(id, target.param, value);
  }
  if (overrides.seed !== undefined) {
    for (const [id, { type, params }] of Object.entries(nodes)) {
      if (hasParam(catalogue, type, 'seed')) set(id, 'seed', overrides.seed);
      if (!hasParam(catalogue, type, 'weights')) continue;
      const weights = (params['weights'] ?? { kind: 'random' }) as WeightsChoice;
      if (weights.kind === 'random') set(id, 'weights', { kind: 'random', seed: overrides.seed });
    }
  }
  return ok({ ...document, nodes });
}

function hasParam(catalogue: Catalogue, type: string, param: string): boolean {
  return Object.hasOwn(catalogue, type) && Object.hasOwn(catalogue[type]?.params ?? {}, param);
}
