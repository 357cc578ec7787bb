/** The window comes back where it was, if that can still be seen, and its page is locked in. */
import { expect, test } from 'vitest';
import { smallestSize, usualSize, visibleBounds, windowOptions } from './window-options.ts';

const wishes = {
  bounds: null,
  background: '#161615',
  preload: '/app/preload.cjs',
  icon: '/app/icon.png',
};

test('The page runs in a sandbox of its own and reaches nothing but the preload', () => {
  const { webPreferences, backgroundColor, show } = windowOptions(wishes);
  expect(webPreferences).toEqual({
    preload: '/app/preload.cjs',
    contextIsolation: true,
    sandbox: true,
    nodeIntegration: false,
    webSecurity: true,
    webviewTag: false,
    spellcheck: false,
    navigateOnDragDrop: false,
  });
  expect({ backgroundColor, show }).toEqual({ backgroundColor: '#161615', show: false });
});

test('Without remembered bounds the window has its usual size in the middle', () => {
  expect(windowOptions(wishes)).toMatchObject({ ...usualSize, center: true });
});

test('Remembered bounds count only where the window can be taken hold of', () => {
  const screens = [
    { x: 0, y: 0, width: 1920, height: 1080 },
    { x: 1920, y: 0, width: 1280, height: 1024 },
  ];
  const at = (x: number, y: number) => ({ x, y, width: 1440, height: 900 });
  expect(visibleBounds(at(100, 50), screens)).toEqual(at(100, 50));
  expect(visibleBounds(at(2500, 50), screens)).toEqual(at(2500, 50));
  // The second screen was unplugged, the window hung above the screen, only its edge was to be seen.
  expect(visibleBounds(at(2500, 50), screens.slice(0, 1))).toBeNull();
  expect(visibleBounds(at(100, -500), screens)).toBeNull();
  expect(visibleBounds(at(-1400, 50), screens)).toBeNull();
  expect(visibleBounds({ x: 0, y: 0, width: 300, height: 200 }, screens)).toEqual({
    x: 0,
    y: 0,
    ...smallestSize,
  });
});
