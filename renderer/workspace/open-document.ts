/** A graph that is open: the document, its file, and the steps that undo and redo walk. Pure. */
import type { GraphDocument } from '#engine/contract/document.ts';
import type { Edit } from '#engine/contract/edit.ts';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import { applyEdits } from '#engine/graph/apply-edit.ts';

/** What one undo takes back. */
export interface Step {
  /** "Move 3 nodes" */
  readonly label: string;
  readonly edits: readonly Edit[];
  readonly inverse: readonly Edit[];
  /** Steps of the same key that follow one another become one: a word typed, a slider dragged. */
  readonly mergeKey: string | null;
}

export interface DocumentFile {
  readonly path: string;
  /** Relative paths in the graph are taken from here. */
  readonly folder: string;
  readonly stamp: string;
}

export interface OpenDocument {
  readonly id: string;
  readonly document: GraphDocument;
  readonly file: DocumentFile | null;
  readonly past: readonly Step[];
  readonly future: readonly Step[];
  /** The last step that is in the file; null for none, `never` where the content was never saved. */
  readonly savedAfter: Step | null | 'never';
  readonly selection: ReadonlySet<string>;
  /** Of a graph without a file: had somebody given it a title before the steps that are known? */
  readonly wasTitled: boolean;
}

type Origin = Partial<Pick<OpenDocument, 'file' | 'wasTitled'>> & { readonly unsaved?: boolean };

export function openedDocument(
  id: string,
  document: GraphDocument,
  { file = null, unsaved = false, wasTitled = false }: Origin = {},
): OpenDocument {
  const savedAfter = unsaved ? 'never' : null;
  const selection = new Set<string>();
  return { id, document, file, past: [], future: [], savedAfter, selection, wasTitled };
}

/** Steps beyond these cannot be undone; a step holds a few hundred bytes. */
const keptSteps = 1000;

/** Applies edits as one step. */
export function edited(
  open: OpenDocument,
  label: string,
  edits: readonly Edit[],
  mergeKey: string | null = null,
): Outcome<OpenDocument> {
  if (edits.length === 0) return ok(open);
  const applied = applyEdits(open.document, edits);
  if (!applied.ok) return applied;
  const { document, inverse } = applied.value;
  const last = open.past.at(-1);
  const merges = mergeKey !== null && last?.mergeKey === mergeKey && last !== open.savedAfter;
  const step: Step = merges
    ? { label, edits: [...last.edits, ...edits], inverse: [...inverse, ...last.inverse], mergeKey }
    : { label, edits, inverse, mergeKey };
  const past = [...(merges ? open.past.slice(0, -1) : open.past), step].slice(-keptSteps);
  return ok(withKnownSelection({ ...open, document, past, future: [] }));
}

/** The next step of the same key is a new one. */
export function sealed(open: OpenDocument): OpenDocument {
  const last = open.past.at(-1);
  if (!last || last.mergeKey === null) return open;
  const step: Step = { ...last, mergeKey: null };
  const savedAfter = open.savedAfter === last ? step : open.savedAfter;
  return { ...open, past: [...open.past.slice(0, -1), step], savedAfter };
}

export function undone(open: OpenDocument): OpenDocument {
  const step = open.past.at(-1);
  return step ? walked(open, step.inverse, open.past.slice(0, -1), [step, ...open.future]) : open;
}

export function redone(open: OpenDocument): OpenDocument {
  const [step, ...future] = open.future;
  return step ? walked(open, step.edits, [...open.past, step], future) : open;
}

function walked(
  open: OpenDocument,
  edits: readonly Edit[],
  past: readonly Step[],
  future: readonly Step[],
): OpenDocument {
  const applied = applyEdits(open.document, edits);
  if (!applied.ok) throw new Error(`A step does not fit its document: ${JSON.stringify(applied)}`);
  return withKnownSelection({ ...open, document: applied.value.document, past, future });
}

function withKnownSelection(open: OpenDocument): OpenDocument {
  const kept = [...open.selection].filter((id) => Object.hasOwn(open.document.nodes, id));
  return kept.length === open.selection.size ? open : { ...open, selection: new Set(kept) };
}

export function savedAs(open: OpenDocument, file: DocumentFile, saved: Step | null): OpenDocument {
  return { ...open, file, savedAfter: saved };
}

/** Is there anything that its file, or the preset it came from, does not hold? */
export function isDirty(open: OpenDocument): boolean {
  return open.savedAfter === 'never' || (open.past.at(-1) ?? null) !== open.savedAfter;
}
