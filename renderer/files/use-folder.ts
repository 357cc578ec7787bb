/** The folder that a dialog shows: asked from the host, the last one kept on screen until the next is there. */
import { useCallback, useEffect, useRef, useState } from 'react';
import type { FolderListing } from '#engine/contract/file-service.ts';
import { ask, host } from '#renderer/connection/host-client.ts';

/** Before that a person does not notice the waiting, after it they wonder. */
const slowAfterMs = 300;

export interface ShownFolder {
  /** Null until the first is there. */
  readonly listing: FolderListing | null;
  /** Why the folder that was asked for last is not shown. */
  readonly problem: string | null;
  readonly isSlow: boolean;
  /** `null` for where one would begin to look. Is it shown now? */
  readonly go: (path: string | null) => Promise<boolean>;
}

export function useFolder(): ShownFolder {
  const [listing, setListing] = useState<FolderListing | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [isSlow, setSlow] = useState(false);
  const latest = useRef(0);
  const go = useCallback(async (path: string | null) => {
    const number = (latest.current += 1);
    const timer = setTimeout(() => latest.current === number && setSlow(true), slowAfterMs);
    const found = await ask(host.files.listFolder.query(path));
    clearTimeout(timer);
    // Another folder was asked for meanwhile.
    if (latest.current !== number) return false;
    setSlow(false);
    setProblem(found.ok ? null : (found.problems[0]?.message ?? null));
    if (found.ok) {
      setListing(found.value);
      if (path !== null) rememberedFolder = found.value.path;
    }
    return found.ok;
  }, []);
  useEffect(() => {
    void go(rememberedFolder);
    return () => {
      latest.current = -1;
    };
  }, [go]);
  return { listing, problem, isSlow, go };
}

/** Where the person looked last, in this window. */
let rememberedFolder: string | null = null;
