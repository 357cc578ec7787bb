/** Keeps the window on its own page: everything else is refused, or handed to the system's browser. */
import { mayOpenOutside } from './outside-hosts.ts';

export interface NavigationEvent {
  readonly url: string;
  preventDefault(): void;
}

/** The part of Electron's WebContents that decides where a page may go. */
export interface GuardedContents {
  on(event: 'will-navigate' | 'will-redirect', listener: (event: NavigationEvent) => void): unknown;
  on(event: 'will-attach-webview', listener: (event: { preventDefault(): void }) => void): unknown;
  setWindowOpenHandler(handler: (details: { readonly url: string }) => { action: 'deny' }): void;
}

/** `ownOrigin` moves with the server's port; `openOutside` is only called with what `mayOpenOutside` lets through. */
export function guardNavigation(
  contents: GuardedContents,
  ownOrigin: () => string | null,
  openOutside: (url: string) => void,
): void {
  const leave = (event: NavigationEvent) => {
    if (isOwn(event.url, ownOrigin())) return;
    event.preventDefault();
    if (mayOpenOutside(event.url)) openOutside(event.url);
  };
  contents.on('will-navigate', leave);
  contents.on('will-redirect', leave);
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(({ url }) => {
    if (mayOpenOutside(url)) openOutside(url);
    return { action: 'deny' };
  });
}

/** The page may use the clipboard; everything else that a page can ask for is refused. */
export function isPermitted(
  permission: string,
  requestingUrl: string,
  ownOrigin: string | null,
): boolean {
  const isClipboard = permission === 'clipboard-read' || permission === 'clipboard-sanitized-write';
  return isClipboard && isOwn(requestingUrl, ownOrigin);
}

/** Does a message come from our page itself, not from a frame inside it or a page that took its place? */
export function isOwnFrame(
  frame: { readonly origin: string; readonly parent: unknown } | null,
  ownOrigin: string | null,
): boolean {
  return frame !== null && frame.parent === null && frame.origin === ownOrigin;
}

function isOwn(url: string, ownOrigin: string | null): boolean {
  return ownOrigin !== null && URL.canParse(url) && new URL(url).origin === ownOrigin;
}
