/** The line from a process to the one that started it: Node's channel, or the port of Electron's utility processes. */
import { rmSync } from 'node:fs';

export interface ParentLine {
  readonly post: (message: object) => void;
}

/** Told over Electron's port, which does not close when whoever is behind it goes away. */
export const parentGone = { type: 'parent-gone' } as const;

interface ElectronPort {
  on(event: 'message', listener: (message: { readonly data: unknown }) => void): void;
  postMessage(message: unknown): void;
}

/** `gone` is called when there is nobody any more to speak to. */
export function openParentLine(hear: (raw: unknown) => void, gone: () => void): ParentLine {
  // Only Electron's utility processes have this port.
  const { parentPort } = process as { readonly parentPort?: ElectronPort };
  const listen = (raw: unknown): void => (isParentGone(raw) ? gone() : hear(raw));
  if (parentPort) {
    parentPort.on('message', ({ data }) => listen(data));
    return { post: (message) => parentPort.postMessage(message) };
  }
  process.on('message', listen);
  process.on('disconnect', gone);
  // A message to a caller that is gone is lost, and that it is gone is told anyway.
  return { post: (message) => void process.send?.(message, () => undefined) };
}

/**
 * The line of a process that works for its caller alone: it ends when the caller is gone, and takes along the folder
 * for temporary files that it was given.
 */
export function openWorkLine(hear: (raw: unknown) => void): ParentLine {
  // The caller decides what an interrupt in the terminal means; without a caller there is nothing to do.
  process.on('SIGINT', () => undefined);
  return openParentLine(hear, () => {
    // The caller cannot remove it any more.
    const [, , temporary] = process.argv;
    if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
    process.exit();
  });
}

function isParentGone(raw: unknown): boolean {
  return (raw as { readonly type?: unknown } | null)?.type === parentGone.type;
}
