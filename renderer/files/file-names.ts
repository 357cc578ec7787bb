/** From titles to names of files and back, on every system. Pure. */
import { documentExtension, documentLimits } from '#engine/contract/document.ts';

/** Systems cut or refuse longer names; 255 bytes less the extension, for letters of up to 3 bytes. */
const longestName = 80;

/** "LLaVA-1.5: 7B" becomes "LLaVA-1.5- 7B.patchbay.json". */
export const fileNameOf = (title: string): string => bareFileName(title) + documentExtension;

/** The same without an extension, fit for a folder too. */
export function bareFileName(title: string): string {
  // What Windows forbids, which is all that the others forbid too.
  // oxlint-disable-next-line no-control-regex
  const allowed = title.replaceAll(/[/\\:*?"<>|\u0000-\u001f]/g, '-').trim();
  const name = Array.from(allowed)
    .slice(0, longestName)
    .join('')
    .replace(/[. ]+$/, '')
    .replace(/^\.+/, '');
  return isReserved(name) || name === '' ? `graph ${name}`.trim() : name;
}

/** Names that Windows keeps for devices, whatever follows the dot. */
const isReserved = (name: string): boolean => /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(name);

/** As a person types it: "flow", "flow.json" and "flow.patchbay.json" are the same file. */
export function withExtension(name: string): string {
  const trimmed = name.trim();
  if (trimmed.toLowerCase().endsWith(documentExtension)) return trimmed;
  return trimmed.replace(/\.json$/i, '') + documentExtension;
}

/** Null where the name may stand in a folder, else why not. */
export function nameProblem(name: string): string | null {
  const trimmed = name.trim();
  if (trimmed === '' || trimmed.toLowerCase() === documentExtension) return 'Type a name.';
  if (/[/\\]/.test(trimmed)) return 'A name has no slash; choose the folder above.';
  // oxlint-disable-next-line no-control-regex
  if (/[:*?"<>|\u0000-\u001f]/.test(trimmed)) return 'A name has none of : * ? " < > |';
  if (trimmed.startsWith('.')) return 'A name that begins with a dot would be hidden.';
  return isReserved(trimmed) ? 'The system keeps this name for itself; choose another.' : null;
}

/** The last part of a path of any system. */
export function baseName(path: string): string {
  return path.split(/[/\\]/).findLast((part) => part !== '') ?? path;
}

/** The folder a path lies in; the path itself at the top. */
export function folderOf(path: string): string {
  const folder = path.replace(/[/\\][^/\\]*$/, '');
  if (folder === '') return '/';
  return /^[A-Za-z]:$/.test(folder) ? `${folder}\\` : folder;
}

/** A folder and a name as one path, with the separator that the folder is written with. */
export function joinPath(folder: string, name: string): string {
  const separator = folder.includes('\\') && !folder.includes('/') ? '\\' : '/';
  return folder.endsWith(separator) ? folder + name : folder + separator + name;
}

/** The title of a graph that was saved without one. */
export function titleOfFile(path: string): string {
  const name = baseName(path);
  const bare = name.toLowerCase().endsWith(documentExtension)
    ? name.slice(0, -documentExtension.length)
    : name.replace(/\.json$/i, '');
  return (bare === '' ? name : bare).slice(0, documentLimits.titleCharacters);
}

export function isAbsolutePath(path: string): boolean {
  return /^([/\\]|[A-Za-z]:[/\\])/.test(path);
}
