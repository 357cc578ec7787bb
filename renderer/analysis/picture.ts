/** Previews of pictures and clips that a graph names: asked once for each source and size. */
import { useEffect, useState } from 'react';
import type { Picture } from '#engine/contract/file-service.ts';
import type { Outcome } from '#engine/contract/outcome.ts';
import type { ShownSource } from '#engine/contract/sources.ts';
import { useChosenCount } from '#renderer/connection/chosen-places.ts';
import { ask, host } from '#renderer/connection/host-client.ts';

const asked = new Map<string, Promise<Outcome<Picture>>>();

/** A file may have changed since, so its preview is asked anew after a while. */
const freshMs = 30_000;

/** Null while it is being made, and where no picture is chosen. */
export function usePicture(
  source: ShownSource,
  baseFolder: string | undefined,
  maxSide: number,
): Outcome<Picture> | null {
  // What was refused may have been chosen since.
  const key = JSON.stringify([source, baseFolder, maxSide, useChosenCount()]);
  const [found, setFound] = useState<{ key: string; outcome: Outcome<Picture> } | null>(null);
  useEffect(() => {
    if (source.kind === 'none') return undefined;
    let left = false;
    const wait = async (): Promise<void> => {
      const outcome = await preview(key, source, baseFolder, maxSide);
      if (!left) setFound({ key, outcome });
    };
    void wait();
    return () => {
      left = true;
    };
    // The key stands for the others.
  }, [key]);
  return found?.key === key ? found.outcome : null;
}

function preview(
  key: string,
  source: ShownSource,
  baseFolder: string | undefined,
  maxSide: number,
): Promise<Outcome<Picture>> {
  let answer = asked.get(key);
  if (!answer) {
    answer = ask(
      host.files.picture.query({
        source,
        maxSide,
        ...(baseFolder !== undefined && { baseFolder }),
      }),
    );
    asked.set(key, answer);
    setTimeout(() => asked.delete(key), freshMs);
  }
  return answer;
}
