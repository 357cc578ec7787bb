/** Estimates what would make graphs smaller, beside the page. */
import type { GraphDocument } from '#engine/contract/document.ts';
import { memoryChanges, type MemoryChange } from '#engine/estimate/memory-fit.ts';
import { catalogue } from '#nodes/index.ts';

export interface ChangesRequest {
  readonly document: GraphDocument;
  readonly memoryBytes: number;
}

globalThis.addEventListener('message', ({ data }: MessageEvent<ChangesRequest>) => {
  const changes: readonly MemoryChange[] = memoryChanges(
    data.document,
    catalogue,
    data.memoryBytes,
  );
  globalThis.postMessage(changes);
});
