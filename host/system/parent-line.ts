/** The line from a process to the one that started it: Node's channel, or the port of Electron's utility processes. */

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
  return { post: (message) => void process.send?.(message) };
}

function isParentGone(raw: unknown): boolean {
  return (raw as { readonly type?: unknown } | null)?.type === parentGone.type;
}
