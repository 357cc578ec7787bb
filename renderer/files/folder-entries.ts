/** Which entries of a folder a dialog shows, and what choosing one does. Pure. */
import type { FolderEntry } from '#engine/contract/file-service.ts';
import type { PathRequest } from '#renderer/overlay/path-request.ts';

type Purpose = PathRequest['purpose'];

export interface ShownEntries {
  readonly entries: readonly FolderEntry[];
  /** Files of kinds that this dialog has no use for. */
  readonly leftOut: number;
}

/** Those that fit the purpose and whose name holds what was typed; names that begin with it come first. */
export function shownEntries(
  entries: readonly FolderEntry[],
  purpose: Purpose,
  typed: string,
): ShownEntries {
  const fitting = entries.filter((entry) => fits(entry, purpose));
  const wanted = typed.trim().toLowerCase();
  const named = fitting.filter(({ name }) => name.toLowerCase().includes(wanted));
  const begins = ({ name }: FolderEntry): number =>
    Number(wanted !== '' && name.toLowerCase().startsWith(wanted));
  return {
    entries: named.toSorted((a, b) => begins(b) - begins(a)),
    leftOut: entries.length - fitting.length,
  };
}

export const isFolder = ({ kind }: FolderEntry): boolean =>
  kind === 'folder' || kind === 'checkpoint';

function fits(entry: FolderEntry, purpose: Purpose): boolean {
  if (isFolder(entry)) return true;
  switch (purpose) {
    case 'folder':
      return false;
    case 'picture':
      return entry.kind === 'picture';
    case 'clip':
      return clipPattern.test(entry.name);
    case 'open-graph':
    case 'save-graph':
      return entry.kind === 'graph' || entry.name.toLowerCase().endsWith('.json');
  }
}

/** Animations, and common files of video. */
const clipPattern = /\.(gif|webp|mp4|m4v|mov|webm|mkv|avi|mpe?g|ts|ogv|wmv|flv)$/i;

/** Enter or a double click: goes into a folder, or takes what was asked for. */
export function enterMeans(entry: FolderEntry, purpose: Purpose): 'go' | 'choose' {
  if (entry.kind === 'checkpoint') return purpose === 'folder' ? 'choose' : 'go';
  return entry.kind === 'folder' ? 'go' : 'choose';
}

/** A whole path that was typed: a file of the kind that is asked for is taken, anything else is looked into. */
export function typedPathMeans(path: string, purpose: Purpose): 'go' | 'choose' {
  if (purpose === 'open-graph') return /\.json$/i.test(path) ? 'choose' : 'go';
  const isFile = purpose === 'picture' || purpose === 'clip';
  return isFile && /\.[a-z\d]{2,4}$/i.test(path) ? 'choose' : 'go';
}

/** Systems that tell "A" and "a" apart are asked twice at most; those that do not are never surprised. */
export function entryNamed(entries: readonly FolderEntry[], name: string): FolderEntry | undefined {
  return (
    entries.find((entry) => entry.name === name) ??
    entries.find((entry) => entry.name.toLowerCase() === name.toLowerCase())
  );
}
