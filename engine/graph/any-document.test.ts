/** What holds for every document that can be read, however odd, and for every edit of it. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { anyDocument, editedDocument } from '#host/drawn-documents.testing.ts';
import { catalogue } from '#nodes/index.ts';
import { applyEdit } from './apply-edit.ts';
import { holdsChecked, holdsUndone, holdsWritten } from './document-laws.testing.ts';

it('an edit and then its inverse give the document back, and one that fails changes nothing', () => {
  let applications = 0;
  fc.assert(
    fc.property(editedDocument, ({ document, edits }) => {
      applications += holdsUndone(document, edits);
    }),
    { numRuns: 400 },
  );
  expect(applications).toBeGreaterThan(200);
});

it('a document that is written is read back as it was', () => {
  fc.assert(
    fc.property(anyDocument, (document) => holdsWritten(document, catalogue)),
    { numRuns: 200 },
  );
});

it('a check never throws, says why a graph cannot run, and offers only mends that can be made', () => {
  let sound = 0;
  fc.assert(
    fc.property(editedDocument, ({ document: original, edits }) => {
      const document = edits.reduce((current, edit) => {
        const applied = applyEdit(current, edit);
        return applied.ok ? applied.value.document : current;
      }, original);
      if (holdsChecked(document, catalogue)) sound++;
    }),
    { numRuns: 600 },
  );
  expect(sound).toBeGreaterThan(20);
});
