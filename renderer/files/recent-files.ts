/** The graphs that were opened or saved last, as menu and gallery list them. */
import { useEffect } from 'react';
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import type { RecentFile } from '#engine/contract/file-service.ts';
import { askPlain, host } from '#renderer/connection/host-client.ts';

const recent = createStore<{ readonly files: readonly RecentFile[] }>(() => ({ files: [] }));

/** The last used first; asked anew whenever a list of them is shown. */
export function useRecentFiles(): readonly RecentFile[] {
  useEffect(noteRecentFiles, []);
  return useStore(recent, ({ files }) => files);
}

/** A graph was opened or saved: the list is another one. */
export function noteRecentFiles(): void {
  const look = async (): Promise<void> => {
    const files = await askPlain(host.files.recentFiles.query(), null);
    if (files) recent.setState({ files });
  };
  void look();
}

/** Takes a file off the list; the file itself stays. */
export async function forgetRecentFile(path: string): Promise<void> {
  recent.setState(({ files }) => ({ files: files.filter((file) => file.path !== path) }));
  await askPlain(host.files.forgetRecentFile.mutate(path), undefined);
  noteRecentFiles();
}
