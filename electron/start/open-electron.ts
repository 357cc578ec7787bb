/** Opens Patchbay in Electron: fetches the runtime where it is missing, and says why where it cannot. */
import { shownLine } from '../shown-line.ts';
import type { ElectronRuntime } from './electron-runtime.ts';
import type { Fetched } from './fetch-runtime.ts';
import { openOwnedWindow, type OwnedWindow } from './owned-window.ts';

export type ElectronOpening =
  | { readonly opened: true; readonly window: OwnedWindow }
  /** Half a sentence that begins after "because". */
  | { readonly opened: false; readonly reason: string };

export interface ElectronSurroundings {
  readonly find: () => ElectronRuntime;
  readonly fetch: (installScript: string) => Promise<Fetched>;
  /** The folder whose package.json names the app's main script, and the files to open. */
  readonly args: readonly string[];
  readonly isRoot: boolean;
  /** Hears of the process while it has no window yet. */
  readonly started: (window: OwnedWindow) => void;
}

export async function openElectron(surroundings: ElectronSurroundings): Promise<ElectronOpening> {
  let runtime = surroundings.find();
  if (runtime.state === 'to-fetch') {
    const fetched = await surroundings.fetch(runtime.installScript);
    if (!fetched.fetched)
      return no(`the Electron runtime could not be fetched (${fetched.reason})`);
    runtime = surroundings.find();
  }
  if (runtime.state !== 'ready') return no('Electron is not installed');
  return untilShown(runtime.path, surroundings);
}

/** A runtime that lacks a system library or a sandbox ends before it has shown a window. */
function untilShown(
  path: string,
  { args, isRoot, started }: ElectronSurroundings,
): Promise<ElectronOpening> {
  return new Promise((resolve) => {
    const sandbox = isRoot ? ['--no-sandbox'] : [];
    const window = openOwnedWindow({
      path,
      args: [...sandbox, ...args],
      said: (line) => {
        if (line === shownLine) resolve({ opened: true, window });
      },
    });
    started(window);
    void window.closed.then((failure) =>
      resolve(no(`Electron did not open a window (${failure ?? 'it ended at once'})`)),
    );
  });
}

function no(reason: string): ElectronOpening {
  return { opened: false, reason };
}
