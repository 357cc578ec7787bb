/** The line from the server's process to the one that started it: Electron's port, or Node's channel in tests. */
import { toServerSchema, type FromServer, type ToServer } from './server-message.ts';

export interface ParentLine {
  readonly post: (message: FromServer) => void;
}

interface ElectronPort {
  on(event: 'message', listener: (message: { readonly data: unknown }) => void): void;
  postMessage(message: unknown): void;
}

/** `stop` is also heard when a parent goes away without a word. */
export function openParentLine(hear: (message: ToServer) => void): ParentLine {
  // Only Electron's utility processes have this port.
  const { parentPort } = process as { readonly parentPort?: ElectronPort };
  if (parentPort) {
    parentPort.on('message', ({ data }) => hear(toServerSchema.parse(data)));
    return { post: (message) => parentPort.postMessage(message) };
  }
  process.on('message', (raw) => hear(toServerSchema.parse(raw)));
  process.on('disconnect', () => hear({ type: 'stop' }));
  return { post: (message) => void process.send?.(message) };
}
