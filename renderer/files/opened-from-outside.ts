/** Opens the files that the system hands to the window: double-clicked, or from the list of recent ones. */
import { useEffect } from 'react';
import { shell } from '#renderer/connection/shell.ts';
import { openPath } from './open-graph.ts';

export function useFilesFromOutside(): void {
  useEffect(() => shell?.onOpenFile((path) => void openPath(path)), []);
}
