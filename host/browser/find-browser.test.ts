/** The browser that a person chose comes first, then one the system has, then the tests' own. */
import { expect, test } from 'vitest';
import { findBrowser } from './find-browser.ts';

const on =
  (platform: NodeJS.Platform, ...files: string[]) =>
  (env: Record<string, string>, playwright: string | null = null) =>
    findBrowser({ platform, env, playwright, exists: (path) => files.includes(path) });

test('CHROME_PATH decides, unless there is nothing at its end', () => {
  const find = on('linux', '/opt/edge/msedge', '/usr/bin/chromium');
  const env = { PATH: '/usr/bin' };
  expect(find({ ...env, CHROME_PATH: '/opt/edge/msedge' })).toEqual({
    name: 'Microsoft Edge',
    path: '/opt/edge/msedge',
  });
  expect(find({ ...env, CHROME_PATH: '/gone' })?.path).toBe('/usr/bin/chromium');
});

test('On Linux the search path and the usual folders are looked through', () => {
  const find = on('linux', '/nix/bin/google-chrome', '/snap/bin/chromium');
  expect(find({ PATH: '/nix/bin:relative' })).toEqual({
    name: 'Chromium',
    path: '/snap/bin/chromium',
  });
  expect(on('linux', '/nix/bin/google-chrome')({ PATH: '/nix/bin' })?.name).toBe('Google Chrome');
  expect(on('linux', 'relative/chromium')({ PATH: 'relative' })).toBeNull();
});

test('On macOS and Windows applications are found for all users and for one', () => {
  const chrome = 'Google Chrome.app/Contents/MacOS/Google Chrome';
  expect(on('darwin', `/Users/a/Applications/${chrome}`)({ HOME: '/Users/a' })?.name).toBe(
    'Google Chrome',
  );
  const edge = 'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe';
  expect(on('win32', edge)({ 'PROGRAMFILES(X86)': 'C:\\Program Files (x86)' })).toEqual({
    name: 'Microsoft Edge',
    path: edge,
  });
});

test("Playwright's own comes last", () => {
  expect(on('linux', '/cache/chrome', '/usr/bin/chromium')({}, '/cache/chrome')?.path).toBe(
    '/usr/bin/chromium',
  );
  expect(on('linux', '/cache/chrome')({}, '/cache/chrome')?.path).toBe('/cache/chrome');
  expect(on('linux')({}, '/cache/chrome')).toBeNull();
});
