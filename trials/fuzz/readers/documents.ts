/** Readers of graphs, and of what is asked of them. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { z } from 'zod';
import { sizedList } from '#engine/contract/sized.ts';
import { documentExtension, type Json } from '#engine/contract/document.ts';
import type { Edit } from '#engine/contract/edit.ts';
import { fail, ok } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { applyEdit } from '#engine/graph/apply-edit.ts';
import { holdsChecked, holdsUndone, holdsWritten } from '#engine/graph/document-laws.testing.ts';
import { parseDocument, readDocument } from '#engine/graph/read-document.ts';
import { anyDocument, editedDocument } from '#host/drawn-documents.testing.ts';
import { presetsFolder } from '#host/system/package-root.ts';
import { catalogue } from '#nodes/index.ts';
import { jsonSample, type Reader, type Sample } from './reader.ts';

const drawnFrom = { seed: 1, numRuns: 200 } as const;
const file = `graph${documentExtension}`;

async function presetTexts(): Promise<readonly string[]> {
  const names = (await readdir(presetsFolder)).filter((name) => name.endsWith(documentExtension));
  return Promise.all(names.map((name) => readFile(join(presetsFolder, name), 'utf8')));
}

export const graphReader: Reader = {
  name: 'graph',
  about: 'graph documents: read, checked, written and read again',
  async samples() {
    const presets = (await presetTexts()).map((text) => JSON.parse(text) as Json);
    const drawn = fc.sample(anyDocument, drawnFrom) as readonly Json[];
    return [...presets, ...drawn].map((value) => jsonSample(file, value));
  },
  read({ bytes }) {
    const document = readDocument(bytes.toString('utf8'), catalogue);
    if (!document.ok) return document;
    holdsWritten(document.value, catalogue);
    holdsChecked(document.value, catalogue);
    return document;
  },
};

const editedSchema = z.object({ document: z.unknown(), edits: sizedList(z.unknown(), 0, 50) });

/** Edits come checked or not: one that is none fails like one that cannot be made. */
export const editsReader: Reader = {
  name: 'edits',
  about: 'sequences of edits: each undone, all undone, and the graph checked between them',
  samples: () => {
    const drawn = fc.sample(editedDocument, drawnFrom) as unknown as readonly Json[];
    return Promise.resolve(drawn.map((value): Sample => jsonSample('edits.json', value)));
  },
  read({ bytes }) {
    const edited = editedSchema.safeParse(parsed(bytes));
    if (!edited.success) return fail(error('json-broken', 'These are no edits of a document.'));
    const document = parseDocument(edited.data.document, catalogue);
    if (!document.ok) return document;
    const edits = edited.data.edits as readonly Edit[];
    holdsUndone(document.value, edits);
    let current = document.value;
    for (const edit of edits) {
      const applied = applyEdit(current, edit);
      if (!applied.ok) continue;
      current = applied.value.document;
      holdsChecked(current, catalogue);
    }
    return ok(null);
  },
};

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return null;
  }
}
