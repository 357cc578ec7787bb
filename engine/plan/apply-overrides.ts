/** What a caller asks for in place of what the graph's own nodes say. */
import type { DocumentNode, GraphDocument, Json } from '../contract/document.ts';
import { fail, ok, type Outcome } from '../contract/outcome.ts';
import { error, type Problem, type ProblemCode } from '../contract/problem.ts';
import type { ClipSource, ImageSource, WeightsChoice } from '../contract/sources.ts';
import type { Catalogue } from '../node/any-node-definition.ts';

export interface Overrides {
  /** One for all Image nodes, or one for each in the document's order; one node becomes as many as there are. */
  readonly images?: readonly ImageSource[] | undefined;
  /** For all Video nodes. */
  readonly video?: ClipSource | undefined;
  readonly prompt?: string | undefined;
  readonly maxNewTokens?: number | undefined;
  /** Seed of sampling and of random weights. */
  readonly seed?: number | undefined;
}

/** Which parameter an override sets, and what to say where no node has it. */
const targets = {
  video: {
    type: 'input/video',
    param: 'source',
    code: 'clip-missing',
    lacking: 'no Video node to put the clip into',
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
  const seen = withPictures(document, overrides.images ?? []);
  if (!seen.ok) return seen;
  const nodes = { ...seen.value.nodes };
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
      return fail(lackingProblem(target.code, target.lacking));
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
  return ok({ ...seen.value, nodes });
}

const lackingProblem = (code: ProblemCode, lacking: string): Problem =>
  error(code, `The graph has ${lacking}; add one, or leave the option out.`);

function withPictures(
  document: GraphDocument,
  images: readonly ImageSource[],
): Outcome<GraphDocument> {
  if (images.length === 0) return ok(document);
  const ids = Object.entries(document.nodes).flatMap(([id, { type }]) =>
    type === 'input/image' ? [id] : [],
  );
  const [first] = ids;
  if (first === undefined)
    return fail(lackingProblem('image-missing', 'no Image node to put the picture into'));
  if (ids.length === 1) return ok(withCopies(document, first, images));
  if (images.length !== 1 && images.length !== ids.length) {
    const message = `The graph has ${ids.length} Image nodes and is given ${images.length} pictures; give one for each, or one for all.`;
    return fail(error('image-missing', message));
  }
  const nodes = { ...document.nodes };
  for (const [index, id] of ids.entries())
    nodes[id] = showing(document, id, images[index] ?? (images[0] as ImageSource));
  return ok({ ...document, nodes });
}

/** The node with the first picture, and for each other one a copy of it, wired to the same inputs behind it. */
function withCopies(
  document: GraphDocument,
  id: string,
  [first, ...others]: readonly ImageSource[],
): GraphDocument {
  const nodes = { ...document.nodes, [id]: showing(document, id, first as ImageSource) };
  const copies = others.map((source, index) => {
    let copy = `${id}-${index + 2}`;
    while (Object.hasOwn(nodes, copy)) copy += '-2';
    nodes[copy] = showing(document, id, source);
    return copy;
  });
  const edges = document.edges.flatMap((edge) =>
    edge.from.node === id
      ? [edge, ...copies.map((node) => ({ ...edge, from: { ...edge.from, node } }))]
      : [edge],
  );
  return { ...document, nodes, edges };
}

function showing({ nodes }: GraphDocument, id: string, source: ImageSource): DocumentNode {
  const node = nodes[id] as DocumentNode;
  return { ...node, params: { ...node.params, source } };
}

function hasParam(catalogue: Catalogue, type: string, param: string): boolean {
  return Object.hasOwn(catalogue, type) && Object.hasOwn(catalogue[type]?.params ?? {}, param);
}
