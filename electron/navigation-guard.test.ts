/** The window shows its own page and nothing else. */
import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import { guardNavigation, isOwnFrame, isPermitted } from './navigation-guard.ts';

const origin = 'http://127.0.0.1:4321';

class Contents extends EventEmitter {
  openWindow: ((details: { url: string }) => { action: 'deny' }) | null = null;
  setWindowOpenHandler(handler: (details: { url: string }) => { action: 'deny' }): void {
    this.openWindow = handler;
  }
}

function guarded() {
  const contents = new Contents();
  const outside: string[] = [];
  guardNavigation(
    contents,
    () => origin,
    (url) => outside.push(url),
  );
  const isHeld = (event: string, url: string) => {
    let held = false;
    contents.emit(event, { url, preventDefault: () => (held = true) });
    return held;
  };
  return { contents, outside, isHeld };
}

describe('A page', () => {
  test.for(['will-navigate', 'will-redirect'])('stays on its own origin at %s', (event) => {
    const { outside, isHeld } = guarded();
    expect(isHeld(event, `${origin}/#key=secret`)).toBe(false);
    const elsewhere = [
      'https://arxiv.org/abs/2304.08485',
      'https://example.org/?stolen=1',
      'http://example.org/',
      'http://127.0.0.1:4322/',
      'http://127.0.0.1:4321.example.org/',
      'file:///etc/passwd',
      'javascript:alert(1)',
      'no address',
    ];
    expect(elsewhere.map((url) => isHeld(event, url))).toEqual(elsewhere.map(() => true));
    // Of these, only the paper is handed to the system's browser.
    expect(outside).toEqual(['https://arxiv.org/abs/2304.08485']);
  });

  test('opens no window and no webview', () => {
    const { contents, outside, isHeld } = guarded();
    const paper = 'https://arxiv.org/abs/2304.08485';
    expect(contents.openWindow?.({ url: paper })).toEqual({ action: 'deny' });
    expect(contents.openWindow?.({ url: 'https://example.org/' })).toEqual({ action: 'deny' });
    expect(contents.openWindow?.({ url: 'file:///etc/passwd' })).toEqual({ action: 'deny' });
    expect(outside).toEqual([paper]);
    expect(isHeld('will-attach-webview', origin)).toBe(true);
  });

  test('may use the clipboard and nothing else, and only where it is ours', () => {
    const may = (permission: string, url = `${origin}/`) => isPermitted(permission, url, origin);
    expect(may('clipboard-sanitized-write')).toBe(true);
    expect(may('clipboard-sanitized-write', 'https://example.org/')).toBe(false);
    expect(
      ['media', 'geolocation', 'notifications', 'openExternal', 'fullscreen'].map((name) =>
        may(name),
      ),
    ).toEqual(Array<boolean>(5).fill(false));
  });

  test('is heard only as the top frame of our own origin', () => {
    expect(isOwnFrame({ origin, parent: null }, origin)).toBe(true);
    expect(isOwnFrame({ origin, parent: {} }, origin)).toBe(false);
    expect(isOwnFrame({ origin: 'https://example.org', parent: null }, origin)).toBe(false);
    expect(isOwnFrame(null, origin)).toBe(false);
    expect(isOwnFrame({ origin: 'null', parent: null }, null)).toBe(false);
  });
});
