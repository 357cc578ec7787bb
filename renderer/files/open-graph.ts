/** Opens graphs: from files by path, from text that came without one. Nothing that is open is lost by it. */
import type { GraphDocument } from '#engine/contract/document.ts';
import type { Problem } from '#engine/contract/problem.ts';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { readDocument } from '#engine/graph/read-document.ts';
import { catalogue } from '#nodes/index.ts';
import { ask, host } from '#renderer/connection/host-client.ts';
import { tell, tellProblems } from '#renderer/notices/notices.ts';
import {
  isDirty,
  openedDocument,
  type DocumentFile,
  type OpenDocument,
} from '#renderer/workspace/open-document.ts';
import {
  activate,
  openDocument,
  updateDocument,
  workspace,
} from '#renderer/workspace/workspace-store.ts';
import { choosePath } from './choose-path.ts';
import { checkGraphSize } from './dropped-file.ts';
import { baseName } from './file-names.ts';
import { isNamedAs } from './title-for-file.ts';
import { noteRecentFiles } from './recent-files.ts';

export async function openFile(): Promise<void> {
  const path = await choosePath({ purpose: 'open-graph', title: 'Open a graph' });
  if (path !== null) await openPath(path);
}

/** Opens the file at an absolute path, or says why it cannot be opened. */
export async function openPath(path: string): Promise<boolean> {
  const opened = await ask(host.files.openFile.mutate(path));
  if (!opened.ok) return refuse(opened.problems);
  noteRecentFiles();
  const { text, ...file } = opened.value;
  const document = readDocument(text, catalogue);
  if (!document.ok) return refuse(namedProblems(baseName(path), document.problems));
  const there = workspace.getState().documents.find((open) => open.file?.path === file.path);
  if (there) takeUp(there, document.value, file);
  else openDocument(document.value, { file });
  return true;
}

/** The file is open already: brought to the front, and read anew where another program changed it. */
function takeUp(there: OpenDocument, document: GraphDocument, file: DocumentFile): void {
  activate(there.id);
  if (there.file?.stamp === file.stamp) return;
  const name = baseName(file.path);
  const readAnew = (): void => {
    updateDocument(there.id, () => openedDocument(there.id, document, { file }));
    tell(`${name} is as it is in the file now.`);
  };
  if (!isDirty(there)) return readAnew();
  tell(
    `${name} was changed by another program since you opened it; here you see your own work, and saving will ask first.`,
    { title: 'Take the file instead', run: readAnew },
  );
}

/** Takes what its file holds now in place of an open graph; was it done? */
export async function readAgain(id: string, path: string): Promise<boolean> {
  const opened = await ask(host.files.openFile.mutate(path));
  if (!opened.ok) return refuse(opened.problems);
  const { text, ...file } = opened.value;
  const document = readDocument(text, catalogue);
  if (!document.ok) return refuse(namedProblems(baseName(path), document.problems));
  const mine = workspace.getState().documents.find((open) => open.id === id);
  if (!mine) return false;
  updateDocument(id, () => openedDocument(id, document.value, { file }));
  tell(`${baseName(path)} is as it is in the file now.`, {
    title: 'Take my work back',
    run: () => updateDocument(id, () => mine),
  });
  return true;
}

/** Opens a graph of which only the content is known, as unsaved work. */
export async function openContent(file: File): Promise<boolean> {
  const document = await readContent(file);
  if (!document.ok) return refuse(document.problems);
  const wasTitled = !isNamedAs(document.value.title, file.name);
  openDocument(document.value, { unsaved: true, wasTitled });
  tell(`${file.name} was imported as a new graph; save it to give it a file.`);
  return true;
}

async function readContent(file: File): Promise<Outcome<GraphDocument>> {
  const fits = checkGraphSize(file);
  if (!fits.ok) return fits;
  const text = await textOf(file);
  if (!text.ok) return text;
  const document = readDocument(text.value, catalogue);
  return document.ok ? document : fail(...namedProblems(file.name, document.problems));
}

async function textOf(file: File): Promise<Outcome<string>> {
  try {
    return ok(await file.text());
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    const message = `${file.name} cannot be read (${said}); choose it again.`;
    return fail(error('file-unreadable', message));
  }
}

/** Lets the person pick a file in the browser; its content is opened as unsaved work. */
export function importJson(): void {
  const input = document.createElement('input');
  input.type = 'file';
  input.accept = '.json,application/json';
  input.addEventListener('change', () => {
    const [file] = input.files ?? [];
    if (file) void openContent(file);
  });
  input.click();
}

/** The reader of a text does not know what it is called. */
function namedProblems(name: string, problems: readonly Problem[]): readonly Problem[] {
  return problems.map((problem) => ({ ...problem, message: `${name}: ${problem.message}` }));
}

function refuse(problems: readonly Problem[]): false {
  tellProblems(problems);
  return false;
}
