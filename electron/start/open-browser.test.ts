/** An address reaches a browser whole, whatever stands in it. */
import { expect, test } from 'vitest';
import { appWindowArguments, defaultBrowserCommand, openDefaultBrowser } from './open-browser.ts';

const url = 'file:///home/a&b=c/open-patchbay.html';

test('As a window of its own, without a sandbox only for root', () => {
  const args = appWindowArguments(url, '/data/browser', false);
  expect(args.slice(0, 2)).toEqual([`--app=${url}`, '--user-data-dir=/data/browser']);
  expect(args).not.toContain('--no-sandbox');
  expect(appWindowArguments(url, '/data/browser', true)).toContain('--no-sandbox');
});

test('In the default browser, past no shell', () => {
  expect(defaultBrowserCommand('linux', url)).toEqual({ path: 'xdg-open', args: [url] });
  expect(defaultBrowserCommand('darwin', url)).toEqual({ path: 'open', args: [url] });
  expect(defaultBrowserCommand('win32', url).args.at(-1)).toBe(url);
});

test('A command that is not there, or refuses, says so', async () => {
  expect(await openDefaultBrowser({ path: '/nowhere/xdg-open', args: [] })).toBe(
    'there is no /nowhere/xdg-open',
  );
  const refusal = await openDefaultBrowser({
    path: process.execPath,
    args: ['--eval', 'process.exit(4)'],
  });
  expect(refusal).toMatch(/ended with 4$/);
  expect(await openDefaultBrowser({ path: process.execPath, args: ['--version'] })).toBeNull();
});
