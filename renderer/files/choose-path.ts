/** Asks for a file or folder: by the system's own dialog where there is one, else by the page's. */
import { documentExtension } from '#engine/contract/document.ts';
import { choosePlace } from '#renderer/connection/chosen-places.ts';
import { shell } from '#renderer/connection/shell.ts';
import { overlayAnswer } from '#renderer/overlay/overlay.ts';
import type { ChosenPath, PathRequest } from '#renderer/overlay/path-request.ts';
import { withExtension } from './file-names.ts';

/** An absolute path, which graphs may name from now on; null where the dialog was closed without a choice. */
export async function choosePath(request: PathRequest): Promise<string | null> {
  const path = await askForPath(request);
  // Whoever opens a graph has it read, which chooses what lies beside it.
  if (path !== null && request.purpose !== 'open-graph') await choosePlace(path);
  return path;
}

async function askForPath(request: PathRequest): Promise<string | null> {
  if (!shell) return (await choosePathInPage(request))?.path ?? null;
  switch (request.purpose) {
    case 'open-graph':
      return shell.chooseFileToOpen('graph');
    case 'picture':
      return shell.chooseFileToOpen('picture');
    case 'clip':
      return shell.chooseFileToOpen('clip');
    case 'folder':
      return shell.chooseFolder(request.title);
    case 'save-graph':
      return shell.chooseFileToSave(request.suggestedName ?? '');
  }
}

export function chooseFolder(title: string): Promise<string | null> {
  return choosePath({ purpose: 'folder', title });
}

/** A folder to write into; null where the dialog was closed. That something is written there lets no graph read it. */
export function chooseFolderToFill(title: string): Promise<string | null> {
  return askForPath({ purpose: 'folder', title });
}

/** Where to save, and whether a file that is there may be replaced; null where the dialog was closed. */
export async function choosePathToSave(suggestedName: string): Promise<ChosenPath | null> {
  const request: PathRequest = { purpose: 'save-graph', title: 'Save the graph', suggestedName };
  if (!shell) return choosePathInPage(request);
  const path = await askForPath(request);
  if (path === null) return null;
  // The system's dialog asks by itself before it gives the path of a file that exists, but some give a name
  // as it was typed.
  const isWhole = path.toLowerCase().endsWith(documentExtension);
  return isWhole ? { path, replaces: true } : { path: withExtension(path), replaces: false };
}

function choosePathInPage(request: PathRequest): Promise<ChosenPath | null> {
  return overlayAnswer((answer) => ({ kind: 'choose-path', request, answer }));
}
