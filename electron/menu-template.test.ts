/** The menu reaches every command, by one key each. */
import type { MenuItemConstructorOptions } from 'electron';
import { describe, expect, test } from 'vitest';
import { shellCommands } from '#engine/contract/shell.ts';
import { menuTemplate } from './menu-template.ts';

function menu(platform: NodeJS.Platform, recentPaths: readonly string[] = []) {
  const happened: string[] = [];
  const template = menuTemplate({
    platform,
    recentPaths,
    send: (command) => happened.push(command),
    openFile: (path) => happened.push(path),
    clearRecentFiles: () => happened.push('cleared'),
  });
  return { items: allItems(template), happened };
}

function allItems(template: readonly MenuItemConstructorOptions[]): MenuItemConstructorOptions[] {
  return template.flatMap((item) => [
    item,
    ...(Array.isArray(item.submenu) ? allItems(item.submenu) : []),
  ]);
}

/** Clicks as Electron does; what it hands over is not used. */
function click(item: MenuItemConstructorOptions | undefined): void {
  item?.click?.(
    ...([undefined, undefined, undefined] as unknown as Parameters<
      NonNullable<MenuItemConstructorOptions['click']>
    >),
  );
}

describe.for(['linux', 'darwin', 'win32'] as const)('On %s', (platform) => {
  test('every command has an item that sends it', () => {
    const { items, happened } = menu(platform);
    for (const command of shellCommands) click(items.find(({ id }) => id === command));
    expect(happened).toEqual(shellCommands);
  });

  test('no key stands for two things, and none takes Delete from a text field', () => {
    const keys = menu(platform).items.flatMap(({ accelerator }) => accelerator ?? []);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).not.toContain('Delete');
    expect(keys).not.toContain('Backspace');
  });
});

test('Recent files are told apart by their folders where their names are the same', () => {
  const { items, happened } = menu('linux', ['/a/x.json', '/b/x.json', '/b/this & that.json']);
  const labels = items.map(({ label }) => label);
  expect(labels).toEqual(
    expect.arrayContaining(['x.json (/a)', 'x.json (/b)', 'this && that.json']),
  );
  click(items.find(({ label }) => label === 'x.json (/b)'));
  click(items.find(({ label }) => label === 'Forget these'));
  expect(happened).toEqual(['/b/x.json', 'cleared']);
});
