/** What holds for every document that can be read, and for every edit of it. Each throws where it does not. */
import { documentSchema, type GraphDocument } from '../contract/document.ts';
import type { Edit } from '../contract/edit.ts';
import { problemSchema } from '../contract/problem.ts';
import type { Catalogue } from '../node/any-node-definition.ts';
import { planGraph } from '../plan/plan.ts';
import { sameValue } from '../same-value.ts';
import { applyEdit, applyEdits } from './apply-edit.ts';
import { checkGraph } from './check.ts';
import { readDocument, writeDocument } from './read-document.ts';

function hold(isSo: boolean, law: string): void {
  if (!isSo) throw new Error(`It does not hold that ${law}.`);
}

/** What is written is read back as it was. */
export function holdsWritten(document: GraphDocument, catalogue: Catalogue): void {
  const text = writeDocument(document);
  const read = readDocument(text, catalogue);
  hold(read.ok && writeDocument(read.value) === text, 'a document is read back as it was written');
}

/** An edit and then its inverse give the document back; one that fails changes nothing. How many could be made? */
export function holdsUndone(document: GraphDocument, edits: readonly Edit[]): number {
  // What a document holds is JSON.
  const before = JSON.parse(JSON.stringify(document)) as GraphDocument;
  let made = 0;
  for (const edit of edits) {
    const applied = applyEdit(document, edit);
    hold(sameValue(document, before), 'an edit leaves the document that it is given as it was');
    if (!applied.ok) continue;
    made++;
    const isDocument = documentSchema.safeParse(applied.value.document).success;
    hold(isDocument, 'an edited document is a document');
    holdsBack(applied.value, before);
  }
  const all = applyEdits(document, edits);
  if (all.ok) holdsBack(all.value, before);
  return made;
}

function holdsBack(
  { document, inverse }: { readonly document: GraphDocument; readonly inverse: readonly Edit[] },
  before: GraphDocument,
): void {
  const undone = applyEdits(document, inverse);
  hold(undone.ok && sameValue(undone.value.document, before), 'undo gives the document back');
  const order = undone.ok && Object.keys(undone.value.document.nodes);
  hold(sameValue(order, Object.keys(before.nodes)), 'undo gives the nodes back in their order');
}

/** A check says why a graph cannot run, and offers only mends that can be made. Is the graph sound? */
export function holdsChecked(document: GraphDocument, catalogue: Catalogue): boolean {
  const checked = checkGraph(document, catalogue);
  const ids = Object.keys(document.nodes);
  hold(
    sameValue(Object.keys(checked.nodes).toSorted(), ids.toSorted()),
    'a check answers for every node',
  );
  for (const problem of checked.problems) {
    hold(problemSchema.safeParse(problem).success, 'a problem is one of the contract');
    hold(problem.node === undefined || ids.includes(problem.node), 'a problem names a node');
    hold(!problem.mend || applyEdits(document, problem.mend.edits).ok, 'a mend can be made');
  }
  const isBroken = checked.problems.some(({ severity }) => severity === 'error');
  if (isBroken) hold(!planGraph(checked).ok, 'a graph with an error is not planned');
  for (const { definition, outputs, wired } of Object.values(checked.nodes)) {
    const gives = Object.entries(definition?.outputs ?? {}).every(
      ([name, { optional = false }]) => outputs[name] ?? (optional && !wired.has(name)),
    );
    hold(isBroken || gives, 'a node of a sound graph gives something on every port that is read');
  }
  return !isBroken;
}
