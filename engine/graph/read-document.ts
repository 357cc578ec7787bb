/** From the text of a file to a document, or to what is wrong with the file; and back. */
import {
  documentLimits,
  documentSchema,
  documentVersion,
  nestsDeeper,
  type GraphDocument,
} from '../contract/document.ts';
import { fail, ok, type Outcome } from '../contract/outcome.ts';
import { error, type Problem } from '../contract/problem.ts';
import type { Catalogue } from '../node/any-node-definition.ts';
import { migrateDocument, migrateNodes } from './migrate.ts';

/** A file broken in more places is read by its first ones. */
const listedIssues = 20;

/** Reads, migrates to the present version, and validates. Unknown nodes and fields stay as they are. */
export function readDocument(text: string, catalogue: Catalogue): Outcome<GraphDocument> {
  if (text.length > documentLimits.bytes) {
    const megabytes = Math.ceil(text.length / 1024 ** 2);
    const limit = documentLimits.bytes / 1024 ** 2;
    return fail(
      error(
        'file-too-large',
        `The graph is ${megabytes} MB long, at most ${limit} MB are read; split the graph.`,
      ),
    );
  }
  let value: unknown;
  try {
    // Some editors begin a file with a byte order mark, which is no part of JSON.
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    return fail(error('json-broken', `The file is not valid JSON: ${(cause as Error).message}`));
  }
  return parseDocument(value, catalogue);
}

export function parseDocument(value: unknown, catalogue: Catalogue): Outcome<GraphDocument> {
  if (!isRecord(value) || value['format'] !== 'patchbay') {
    const message = 'This JSON is not a Patchbay graph: it lacks "format": "patchbay".';
    return fail(error('document-foreign', message));
  }
  if (typeof value['version'] === 'number' && value['version'] > documentVersion) {
    const message = `The graph was saved by a newer Patchbay (format ${value['version']}, known: ${documentVersion}); update Patchbay to open it.`;
    return fail(error('document-newer', message));
  }
  if (nestsDeeper(value, documentLimits.depth)) {
    const message = `The graph nests values more than ${documentLimits.depth} deep; no Patchbay graph does.`;
    return fail(error('document-invalid', message));
  }
  const document = migrateDocument(value);
  const { error: broken } = documentSchema.safeParse(document);
  if (broken) return fail(...broken.issues.slice(0, listedIssues).map(issueProblem));
  // Not what the schema gives back: that is the same in another order, and would be saved so.
  const read = document as GraphDocument;
  // The one key that the schema passes over unread.
  if (Object.hasOwn(read.nodes, '__proto__') || Object.hasOwn(read.layout, '__proto__')) {
    return fail(error('document-invalid', 'No node can be called "__proto__"; rename it.'));
  }
  return ok(migrateNodes(read, catalogue));
}

/** The text of a `.patchbay.json` file. */
export function writeDocument(document: GraphDocument): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

interface SchemaIssue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** Why a key of a record is no key. */
  readonly issues?: readonly { readonly message: string }[] | undefined;
}

function issueProblem({ path, message, issues }: SchemaIssue): Problem {
  const [root, id] = path.map(String);
  const place = (root === 'nodes' || root === 'layout') && id !== undefined ? { node: id } : {};
  const where = path.length === 0 ? 'The graph' : `"${path.map(String).join('.')}"`;
  return error(
    'document-invalid',
    `${where} is invalid: ${issues?.[0]?.message ?? message}.`,
    place,
  );
}
