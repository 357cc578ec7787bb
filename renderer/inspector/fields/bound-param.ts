/** One field of the form: a parameter of one node, or of several that are edited together. Pure. */
import type { GraphDocument, Json } from '#engine/contract/document.ts';
import type { Edit } from '#engine/contract/edit.ts';
import type { Problem } from '#engine/contract/problem.ts';
import type { AnyNodeDefinition, Catalogue } from '#engine/node/any-node-definition.ts';
import { isShown, type Param } from '#engine/node/param.ts';
import { sameValue } from '#engine/same-value.ts';
import { rawParams } from './form-layout.ts';

export interface BoundParam<Kind extends Param = Param> {
  /** The open graph, and the folder from which its relative paths are taken. */
  readonly documentId: string;
  readonly baseFolder: string | undefined;
  readonly nodes: readonly string[];
  readonly name: string;
  readonly param: Kind;
  /** Undefined where the nodes differ. */
  readonly value: Json | undefined;
  /** Is it other than the default, in any of the nodes? */
  readonly isChanged: boolean;
  readonly problems: readonly Problem[];
}

export interface BindingPlace {
  readonly documentId: string;
  readonly baseFolder: string | undefined;
  readonly problems: readonly Problem[];
}

/** Binds a parameter that all the nodes declare. */
export function bindParam(
  document: GraphDocument,
  nodes: readonly string[],
  [name, param]: readonly [string, Param],
  { problems, ...place }: BindingPlace,
): BoundParam {
  const values = nodes.map((id) => {
    const params = document.nodes[id]?.params ?? {};
    return Object.hasOwn(params, name) ? params[name] : param.default;
  });
  const [first] = values;
  return {
    ...place,
    nodes,
    name,
    param,
    value: values.every((value) => sameValue(value, first)) ? first : undefined,
    isChanged: values.some((value) => !sameValue(value, param.default)),
    problems: problems.filter(
      (problem) => problem.param === name && nodes.includes(problem.node ?? ''),
    ),
  };
}

/** Parameters that every node declares as one and the same, and that count in all of them. */
export function sharedParams(
  document: GraphDocument,
  nodes: readonly string[],
  catalogue: Catalogue,
): readonly (readonly [string, Param])[] {
  const known = nodes.map((id) => knownNode(document, id, catalogue));
  const [first] = known;
  if (!first) return [];
  return Object.entries(first.definition.params).filter(([name, param]) =>
    known.every((each) => each?.definition.params[name] === param && isShown(param, each.values)),
  );
}

interface KnownNode {
  readonly definition: AnyNodeDefinition;
  readonly values: Readonly<Record<string, Json>>;
}

function knownNode(document: GraphDocument, id: string, catalogue: Catalogue): KnownNode | null {
  const node = document.nodes[id];
  const definition = node && Object.hasOwn(catalogue, node.type) ? catalogue[node.type] : undefined;
  if (!node || !definition || node.version > definition.version) return null;
  return { definition, values: rawParams(node, definition) };
}

/** One edit for each node; a custom model begins as the published one that it was. */
export function setParam(bound: BoundParam, value: Json): readonly Edit[] {
  const figures = Object.entries({ [bound.name]: value, ...figuresLeft(bound, value) });
  return bound.nodes.flatMap((id) =>
    figures.map(([param, each]): Edit => ({ type: 'set-param', id, param, value: each })),
  );
}

/** What a choice stood for, where the next one stands for nothing by itself. */
function figuresLeft({ param, value }: BoundParam, next: Json): Readonly<Record<string, Json>> {
  if (param.kind !== 'choice' || !param.standsFor) return {};
  const stands = (choice: Json | undefined) =>
    typeof choice === 'string' ? (param.standsFor?.(choice) ?? {}) : {};
  return Object.keys(stands(next)).length === 0 ? stands(value) : {};
}

/** Back to the default, which is not written into the file. */
export function resetParam({ nodes, name }: BoundParam): readonly Edit[] {
  return nodes.map((id): Edit => ({
    type: 'set-param',
    id,
    param: name,
    value: null,
    remove: true,
  }));
}

/** Changes of one field that follow one another are one step. */
export function mergeKeyOf({ nodes, name }: BoundParam): string {
  return `set-param:${nodes.join(',')}:${name}`;
}
