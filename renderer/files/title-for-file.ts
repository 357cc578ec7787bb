/** What a graph is called once it is in a file: by its file, unless a person has given it a title. Pure. */
import { untitled } from '#renderer/workspace/graph-title.ts';
import type { OpenDocument } from '#renderer/workspace/open-document.ts';
import { baseName, fileNameOf, titleOfFile } from './file-names.ts';

/** The title of a graph that is saved at a path: its own, or the file's where nobody wrote one. */
export function titleForFile(open: OpenDocument, path: string): string {
  const { title } = open.document;
  return isNamedAs(title, path) || isTitled(open) ? title : titleOfFile(path);
}

/** Has a person given the graph a title? In a file, one that the file's name does not tell says so. */
export function isTitled({ document, file, wasTitled, past }: OpenDocument): boolean {
  const { title } = document;
  if (title.trim() === '' || title === untitled) return false;
  if (file) return !isNamedAs(title, file.path);
  return (
    wasTitled || past.some(({ edits }) => edits.some(({ type }) => type === 'set-graph-title'))
  );
}

/** Is a file of this name what one would call the graph's? */
export function isNamedAs(title: string, path: string): boolean {
  if (title.trim() === '') return false;
  return title === titleOfFile(path) || fileNameOf(title) === baseName(path);
}
