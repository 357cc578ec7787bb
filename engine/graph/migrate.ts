/** Brings documents and nodes of older versions up to the present one, one named step a version. */
import { documentVersion, type GraphDocument } from '../contract/document.ts';
import type { AnyNodeDefinition, Catalogue } from '../node/any-node-definition.ts';

type Raw = Readonly<Record<string, unknown>>;

/** `documentMigrations[n]` makes format n + 1 out of format n. There is only format 1 so far. */
const documentMigrations: Readonly<Record<number, (document: Raw) => Raw>> = {};

export function migrateDocument(document: Raw, migrations = documentMigrations): Raw {
  const { version: written } = document;
  // Whoever reads on says what is wrong with any other.
  if (typeof written !== 'number') return document;
  let current = document;
  for (let version = written; version < documentVersion; version++) {
    const step = migrations[version];
    if (!step) return current;
    current = { ...step(current), version: version + 1 };
  }
  return current;
}

export function migrateNodes(document: GraphDocument, catalogue: Catalogue): GraphDocument {
  const nodes = Object.fromEntries(
    Object.entries(document.nodes).map(([id, node]) => {
      const definition = Object.hasOwn(catalogue, node.type) ? catalogue[node.type] : undefined;
      return [id, definition ? migrateNode(node, definition) : node];
    }),
  );
  return { ...document, nodes };
}

type DocumentNode = GraphDocument['nodes'][string];

function migrateNode(node: DocumentNode, definition: AnyNodeDefinition): DocumentNode {
  let { version, params } = node;
  for (; version < definition.version; version++)
    params = definition.migrations?.[version]?.(params) ?? params;
  return version === node.version ? node : { ...node, version, params };
}
