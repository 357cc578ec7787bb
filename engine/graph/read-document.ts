/** From the text of a file to a document, or to what is wrong with the file; and back. */
import {
  documentLimits,
  documentSchema,
  documentVersion,
  type GraphDocument,
  type Json,
} from '../contract/document.ts';
import { fail, ok, type Outcome } from '../contract/outcome.ts';
import { error, type Problem } from '../contract/problem.ts';
import type { Catalogue } from './node-definition.ts';
import { migrateDocument, migrateNodes } from './migrate.ts';

/** Reads, migrates to the present version, and validates. Unknown nodes and fields stay as they are. */
export function readDocument(text: string, catalogue: Catalogue): Outcome<GraphDocument> {
  if (text.length > documentLimits.bytes) {
    const megabytes = (text.length / 1024 ** 2).toFixed(0);
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
    value = JSON.parse(text);
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
  if (depthExceeds(value as Json, documentLimits.depth)) {
    const message = `The graph nests values more than ${documentLimits.depth} deep; no Patchbay graph does.`;
    return fail(error('document-invalid', message));
  }
  const parsed = documentSchema.safeParse(migrateDocument(value));
  if (!parsed.success)
    return { ok: false, problems: parsed.error.issues.slice(0, 20).map(issueProblem) };
  return ok(migrateNodes(parsed.data as GraphDocument, catalogue));
}

/** The text of a `.patchbay.json` file. */
export function writeDocument(document: GraphDocument): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function depthExceeds(value: Json, limit: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (limit === 0) return true;
  return Object.values(value).some((item) => depthExceeds(item, limit - 1));
}

function issueProblem(issue: {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}): Problem {
  const [root, id] = issue.path.map(String);
  const place = root === 'nodes' && id !== undefined ? { node: id } : {};
  const where = issue.path.length === 0 ? 'The graph' : `"${issue.path.map(String).join('.')}"`;
  return error('document-invalid', `${where} is invalid: ${issue.message}.`, place);
}
