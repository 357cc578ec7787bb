/** Draws documents that can be read, however odd, and edits of them: for tests, and for the fuzzer to begin with. */
import fc from 'fast-check';
import type { Edge, GraphDocument, Json } from '#engine/contract/document.ts';
import type { Edit } from '#engine/contract/edit.ts';
import type { Catalogue } from '#engine/node/any-node-definition.ts';
import type { Param } from '#engine/node/param.ts';
import { catalogue } from '#nodes/index.ts';
import { presetIds, readPreset } from './presets.ts';

const definitions: Catalogue = catalogue;
const types = Object.keys(definitions);
const unique = (names: readonly string[]): string[] => [...new Set(names)];
const portNames = unique(
  Object.values(definitions).flatMap(({ inputs, outputs }) => [
    ...Object.keys(inputs),
    ...Object.keys(outputs),
  ]),
);
const paramNames = unique(Object.values(definitions).flatMap(({ params }) => Object.keys(params)));

/** Few ids, so that wires meet; two of them are names that every object inherits. */
const id = fc.constantFrom('a', 'b', 'c', 'd', 'constructor', 'toString');
const port = fc.oneof(fc.constantFrom(...portNames), fc.constantFrom('gone', 'valueOf'));
const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>;
const source = fc.oneof(
  fc.record({ kind: fc.constant('random'), seed: fc.nat() }),
  fc.record({ kind: fc.constantFrom('scene', 'checkpoint', 'none'), seed: fc.nat(9) }),
);
/** Often something that a node takes, and sometimes anything. */
const value: fc.Arbitrary<Json> = fc.oneof(
  fc.integer({ min: -30, max: 3000 }),
  fc.double({ min: -2, max: 2, noNaN: true }),
  fc.boolean(),
  fc.constantFrom(
    'custom',
    'crop',
    'squash',
    'int4',
    'w8a8',
    'vit-b32',
    'pooled',
    'all',
    'phi-2',
    '',
  ),
  source,
  json,
);
const params = fc.dictionary(
  fc.oneof(fc.constantFrom(...paramNames), fc.constantFrom('mood', 'hasOwnProperty')),
  value,
  { maxKeys: 6 },
);
const type = fc.oneof(fc.constantFrom(...types), fc.constantFrom('x/y', 'toString'));
/** Of the present version, where there is one, or a newer: an older one is not written back as it was. */
const node = type.chain((name) => {
  const present = Object.hasOwn(definitions, name) ? (definitions[name]?.version ?? 1) : 1;
  const version = fc.constantFrom(present, present, present, present + 1);
  return fc.record(
    { type: fc.constant(name), version, params, title: fc.string(), future: json },
    { requiredKeys: ['type', 'version', 'params'] },
  );
});
const coordinate = fc.integer({ min: -1000, max: 1000 });
const position = fc.record({ x: coordinate, y: coordinate });
const portRef = fc.record({ node: id, port });

/** Mostly a wire that the two ends would take. */
function edgeOf(nodes: Readonly<Record<string, { readonly type: string }>>): fc.Arbitrary<Edge> {
  const ports = (side: 'inputs' | 'outputs') =>
    Object.entries(nodes).flatMap(([name, { type: of }]) =>
      Object.keys((Object.hasOwn(definitions, of) && definitions[of]?.[side]) || {}).map((at) => ({
        node: name,
        port: at,
      })),
    );
  const oneOf = (refs: readonly { node: string; port: string }[]) =>
    refs.length === 0 ? portRef : fc.constantFrom(...refs);
  const fitting = fc.record({ from: oneOf(ports('outputs')), to: oneOf(ports('inputs')) });
  const future = fc.record({ from: portRef, to: portRef, colour: fc.nat(9) });
  return fc.oneof({ weight: 5, arbitrary: fitting }, future);
}

export const anyDocument: fc.Arbitrary<GraphDocument> = fc
  .dictionary(id, node, { maxKeys: 6 })
  .chain((nodes) =>
    fc.record({
      format: fc.constant('patchbay' as const),
      version: fc.constant(1 as const),
      title: fc.string({ maxLength: 20 }),
      about: fc.string({ maxLength: 20 }),
      nodes: fc.constant(nodes),
      edges: fc.array(edgeOf(nodes), { maxLength: 10 }),
      layout: layoutOf(Object.keys(nodes)),
      notes: fc.array(fc.record({ text: fc.string(), x: coordinate, y: coordinate })),
    }),
  );

/** Some nodes have no place, and some places hold more than this version knows. */
function layoutOf(ids: readonly string[]): fc.Arbitrary<GraphDocument['layout']> {
  const place = fc.record(
    { x: coordinate, y: coordinate, width: coordinate },
    { requiredKeys: ['x', 'y'] },
  );
  return ids.length === 0 ? fc.constant({}) : fc.dictionary(fc.constantFrom(...ids), place);
}

const presets = await Promise.all((await presetIds()).map(readPreset));
/** Graphs that run, for edits to spoil: those drawn at random seldom get far. */
const preset = fc.constantFrom(...presets.flatMap((read) => (read.ok ? [read.value] : [])));

/** A value that the declaration allows. */
function valueOf(param: Param): fc.Arbitrary<Json> {
  switch (param.kind) {
    case 'integer':
    case 'optional-integer': {
      const { min, max, default: standard } = param;
      return fc.oneof(fc.constant(standard), fc.integer({ min, max: Math.min(max, min + 64) }));
    }
    case 'number':
      return fc.double({ min: param.min, max: param.max, noNaN: true });
    case 'flag':
      return fc.boolean();
    case 'choice':
      return fc.constantFrom(...param.options.map((option) => option.value));
    case 'text':
      return fc.string();
    case 'image':
    case 'clip':
    case 'weights':
      return fc.constant(param.default);
  }
}

const index = fc.option(fc.nat(12), { nil: undefined });
const looseEdge = fc.record({ from: portRef, to: portRef });

function editOf({ nodes, edges }: GraphDocument): fc.Arbitrary<Edit> {
  const someId = fc.oneof(id, fc.constantFrom('a', ...Object.keys(nodes)));
  const wire = fc.oneof(edgeOf(nodes), edges.length === 0 ? looseEdge : fc.constantFrom(...edges));
  const place = fc.option(position);
  const settings = Object.entries(nodes).flatMap(([name, { type: of }]) =>
    Object.entries((Object.hasOwn(definitions, of) && definitions[of]?.params) || {}).map(
      ([setting, declared]) => ({ name, setting, declared }),
    ),
  );
  const looseParam = fc.record(
    {
      type: fc.constant('set-param'),
      id: someId,
      param: fc.constantFrom(...paramNames, 'toString'),
      value,
      remove: fc.boolean(),
    },
    { requiredKeys: ['type', 'id', 'param', 'value'] },
  );
  const fittingParam =
    settings.length === 0
      ? looseParam
      : fc.constantFrom(...settings).chain(({ name, setting, declared }) =>
          fc.record({
            type: fc.constant('set-param'),
            id: fc.constant(name),
            param: fc.constant(setting),
            value: valueOf(declared),
          }),
        );
  return fc.oneof(
    { weight: 4, arbitrary: fittingParam },
    looseParam,
    fc.record({ type: fc.constant('add-node'), id, node, position: place, index }),
    fc.record({ type: fc.constant('remove-node'), id: someId }),
    fc.record({ type: fc.constant('set-title'), id: someId, title: fc.option(fc.string()) }),
    fc.record({ type: fc.constant('move-node'), id: someId, position: place }),
    fc.record({ type: fc.constant('connect'), edge: wire, index }),
    fc.record({ type: fc.constant('disconnect'), edge: wire, index }),
  );
}

export const editedDocument = fc.oneof(anyDocument, preset).chain((document) =>
  fc.record({
    document: fc.constant(document),
    edits: fc.array(editOf(document), { maxLength: 5 }),
  }),
);
