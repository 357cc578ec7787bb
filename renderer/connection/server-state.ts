/** Whether the engine server answers this window, known within two seconds and without a click. */
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import { isKnown, onNewSession, takeKeyInAddress } from './session.ts';

/** `gone`: nothing answers. `strange`: a server answers that does not know this window. */
export type ServerState = 'here' | 'gone' | 'strange';

export const serverState = createStore<{ readonly is: ServerState }>(() => ({ is: 'here' }));

export const useServerState = (): ServerState => useStore(serverState, ({ is }) => is);

/** A request on this machine costs nothing; a stream that stays open would take one of six connections. */
const pauseMs = 2000;

let asking: Promise<void> | null = null;
let next: ReturnType<typeof setTimeout> | undefined;

/** Asks the server now, and from then on again and again. Of several that ask at once, one does. */
export function checkServer(): Promise<void> {
  clearTimeout(next);
  asking ??= ask().finally(() => {
    asking = null;
  });
  return asking;
}

async function ask(): Promise<void> {
  serverState.setState({ is: stateOf(await isKnown()) });
  next = setTimeout(() => void checkServer(), pauseMs);
}

/** Takes the key in the address where there is one; resolves when it is known whether this window is let in. */
export async function enter(): Promise<void> {
  await takeKeyInAddress();
  await checkServer();
  onNewSession(() => void checkServer());
  // Timers of a window out of sight run seldom.
  document.addEventListener('visibilitychange', () => void checkServer());
}

/** Resolves when the server answers this window, at once where it does. */
export function untilServed(signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const stop = serverState.subscribe(look);
    signal?.addEventListener('abort', stop);
    look();
    function look(): void {
      if (serverState.getState().is !== 'here') return;
      stop();
      resolve();
    }
  });
}

/** Calls back each time the server answers again after it did not. */
export function onServedAgain(hear: () => void): void {
  serverState.subscribe((now, before) => {
    if (now.is === 'here' && before.is !== 'here') hear();
  });
}

function stateOf(known: boolean | null): ServerState {
  if (known === null) return 'gone';
  return known ? 'here' : 'strange';
}
