/** Draws a node with parameters that it may have, between wires that it may be given: sound ones, and of small sizes. */
import fc from 'fast-check';
import type { GraphDocument, Json } from '#engine/contract/document.ts';
import { ok } from '#engine/contract/outcome.ts';
import { sketchDocument, type NodeSketch } from '#engine/graph/sketch-document.ts';
import type { AnyNodeDefinition, Catalogue } from '#engine/node/any-node-definition.ts';
import type { Demand, Port } from '#engine/node/node-definition.ts';
import type { Param, Params } from '#engine/node/param.ts';
import { wireKinds, type WireKind, type WireType } from '#engine/node/wire.ts';
import { common, drawnWire, sizes, type Common } from './drawn-wires.testing.ts';
import { catalogue } from './index.ts';

export interface DrawnNode {
  /** The node of interest, or what it is a part of, is `node`; drawn wires end at it, drawn demands behind it. */
  readonly document: GraphDocument;
  /** Types of the document that no catalogue has. */
  readonly strangers: Strangers;
}

/** What gives a drawn wire, or makes a drawn demand, by its type. */
type Strangers = Readonly<
  Record<string, { readonly gives: WireType } | { readonly takes: WireKind; readonly asks: Demand }>
>;

const definitions: Catalogue = catalogue;

const size = fc.constantFrom(...sizes);

/** A value that the declaration allows; small, unless its least is large. */
function valueOf(name: string, param: Param): fc.Arbitrary<Json> {
  switch (param.kind) {
    case 'integer':
    case 'optional-integer': {
      const { min, max } = param;
      const most = name.toLowerCase().includes('count') ? 4 : 16;
      const small = sizes.filter((each) => each >= min && each <= Math.min(max, most));
      const least = fc.constant<Json>(Math.max(min, 1) <= max ? Math.max(min, 1) : min);
      const drawn = small.length > 0 ? fc.constantFrom<Json>(...small) : least;
      return param.kind === 'integer'
        ? fc.oneof({ weight: 5, arbitrary: drawn }, fc.constant(min))
        : fc.oneof(fc.constant(null), drawn);
    }
    case 'number':
      return fc.constantFrom<Json>(param.min, param.default, Math.min(param.max, 1), 0.5);
    case 'flag':
      return fc.boolean();
    case 'choice': {
      const values = param.options.map(({ value }) => value);
      const any = fc.constantFrom<Json>(...values);
      if (!values.includes('custom')) return any;
      return fc.oneof({ weight: 9, arbitrary: fc.constant('custom') }, any);
    }
    case 'text': {
      const numbers = fc.array(size, { minLength: 1, maxLength: 5 });
      return fc.oneof(
        { weight: 4, arbitrary: fc.constant(param.default) },
        numbers.map((each) => each.join(', ')),
        fc.string({ maxLength: 8 }),
      );
    }
    case 'image':
    case 'clip':
    case 'weights':
      return fc.constant(param.default);
  }
}

const paramsOf = (params: Params): fc.Arbitrary<Readonly<Record<string, Json>>> =>
  fc.record(
    Object.fromEntries(Object.entries(params).map(([name, param]) => [name, valueOf(name, param)])),
  );

interface Drawing {
  readonly nodes: Readonly<Record<string, NodeSketch>>;
  readonly wires: readonly string[];
  readonly strangers: Strangers;
}

const merged = (drawings: readonly Drawing[]): Drawing => ({
  nodes: Object.assign({}, ...drawings.map(({ nodes }) => nodes)) as Drawing['nodes'],
  wires: drawings.flatMap(({ wires }) => wires),
  strangers: Object.assign({}, ...drawings.map(({ strangers }) => strangers)) as Strangers,
});

const partTypes = (kind: WireKind): readonly string[] =>
  Object.entries(definitions)
    .filter(([, { outputs }]) => Object.values(outputs).some((port) => port.kind === kind))
    .map(([type]) => type);

/** What plugs in at a port: `plugged` for certain where it fits, else nothing or something. */
function pluggedAt(
  node: string,
  [name, { kind, several }]: readonly [string, Port],
  shared: Common,
  plugged: string | undefined,
): fc.Arbitrary<Drawing> {
  const fitting = partTypes(kind);
  const isMeant = plugged !== undefined && fitting.includes(plugged);
  const one = isMeant ? fc.constant(plugged) : fc.constantFrom(...fitting);
  const counts = isMeant ? fc.constant(1) : fc.constantFrom(0, 0, 0, 1, several === true ? 2 : 1);
  return counts
    .chain((count) => fc.array(one, { minLength: count, maxLength: count }))
    .chain((types) =>
      fc.tuple(
        ...types.map((type, index) => {
          const id = `${node}.${name}${index}`.replaceAll('.', '-');
          const [port = ''] = Object.keys(definitions[type]?.outputs ?? {});
          return drawnAround(id, type, shared).map((own) =>
            merged([own, { nodes: {}, strangers: {}, wires: [`${id}.${port} > ${node}.${name}`] }]),
          );
        }),
      ),
    )
    .map((drawings: readonly Drawing[]) => merged(drawings));
}

function givenAt(
  node: string,
  [name, { kind, several, optional }]: readonly [string, Port],
  shared: Common,
): fc.Arbitrary<Drawing> {
  const minLength = optional === true ? 0 : 1;
  return fc
    .array(drawnWire(kind, shared), { minLength, maxLength: several === true ? 3 : 1 })
    .map((wires) =>
      merged(
        wires.map((wire, index) => {
          const id = `${node}-${name}${index}`;
          const type = `drawn/${id}`;
          return {
            nodes: { [id]: [type] },
            wires: [`${id}.given > ${node}.${name}`],
            strangers: { [type]: { gives: wire } },
          };
        }),
      ),
    );
}

/** A node with all that leads to it. */
function drawnAround(
  id: string,
  type: string,
  shared: Common,
  plugged?: string,
): fc.Arbitrary<Drawing> {
  const { inputs, params } = definitions[type] as AnyNodeDefinition;
  const ports = Object.entries<Port>(inputs).map((port) =>
    wireKinds[port[1].kind].part ? pluggedAt(id, port, shared, plugged) : givenAt(id, port, shared),
  );
  return fc
    .tuple(paramsOf(params), ...ports)
    .map(([values, ...drawings]) =>
      merged([{ nodes: { [id]: [type, values] }, wires: [], strangers: {} }, ...drawings]),
    );
}

/** What asks something of an output, or nothing. */
function askedAt(
  [name, { kind }]: readonly [string, Port],
  { channels }: Common,
): fc.Arbitrary<Drawing> {
  const demand: fc.Arbitrary<Demand> = fc.record(
    { channels: fc.oneof(fc.constant(channels), size), pixels: fc.constantFrom(16, 32, 64) },
    { requiredKeys: [] },
  );
  return fc.option(demand).map((asked) => {
    if (!asked) return { nodes: {}, wires: [], strangers: {} };
    const [id, type] = [`taker-${name}`, `drawn/taker-${name}`];
    return {
      nodes: { [id]: [type] },
      wires: [`node.${name} > ${id}.taken`],
      strangers: { [type]: { takes: kind, asks: asked } },
    };
  });
}

const isPart = (type: string): boolean => definitions[type]?.body.kind === 'part';

/** Nodes that a part plugs into. */
function hostsOf(part: string): readonly string[] {
  const given = new Set(Object.values(definitions[part]?.outputs ?? {}).map(({ kind }) => kind));
  return Object.entries(definitions)
    .filter(
      ([type, { inputs }]) =>
        !isPart(type) && Object.values<Port>(inputs).some(({ kind }) => given.has(kind)),
    )
    .map(([type]) => type);
}

/** A node of a type; a part is plugged into one that takes it. */
export function drawnNode(type: string): fc.Arbitrary<DrawnNode> {
  const host = isPart(type) ? fc.constantFrom(...hostsOf(type)) : fc.constant(type);
  return fc
    .tuple(host, common)
    .chain(([of, shared]) =>
      fc.tuple(
        drawnAround('node', of, shared, type),
        ...Object.entries<Port>(definitions[of]?.outputs ?? {}).map((port) =>
          askedAt(port, shared),
        ),
      ),
    )
    .map((drawings) => {
      const { nodes, wires, strangers } = merged(drawings);
      const document = sketchDocument(nodes, wires);
      const versioned = Object.entries(document.nodes).map(([id, node]) => [
        id,
        { ...node, version: definitions[node.type]?.version ?? 1 },
      ]);
      return {
        document: { ...document, nodes: Object.fromEntries(versioned) as GraphDocument['nodes'] },
        strangers,
      };
    });
}

/** A node that does nothing. */
const stub: Omit<AnyNodeDefinition, 'inputs' | 'outputs' | 'infer'> = {
  type: 'drawn/stranger',
  version: 1,
  family: 'input',
  title: 'Drawn',
  about: '',
  references: [],
  params: {},
  summary: () => '',
  body: { kind: 'host', step: () => ({ kind: 'give-text', text: '' }) },
};

/** The catalogue with the strangers in it. */
export function catalogueWith(strangers: Strangers): Catalogue {
  const definitionOf = (stranger: Strangers[string]): AnyNodeDefinition => {
    if ('gives' in stranger) {
      const { gives } = stranger;
      const outputs = { given: { kind: gives.kind, title: 'Given' } };
      return { ...stub, inputs: {}, outputs, infer: () => ok({ outputs: { given: gives } }) };
    }
    const { takes, asks } = stranger;
    return {
      ...stub,
      inputs: { taken: { kind: takes, title: 'Taken' } },
      outputs: {},
      demand: () => ({ taken: asks }),
      infer: () => ok({ outputs: {} }),
    };
  };
  const added = Object.entries(strangers).map(([type, of]) => [type, definitionOf(of)]);
  return { ...definitions, ...(Object.fromEntries(added) as Catalogue) };
}
