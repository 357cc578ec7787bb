/** The menu bar as data: nearly every item only names the command that the page carries out. */
import { basename, dirname } from 'node:path';
import type { MenuItemConstructorOptions } from 'electron';
import type { ShellCommand } from '#engine/contract/shell.ts';

export interface MenuSurroundings {
  readonly platform: NodeJS.Platform;
  /** The last used first. */
  readonly recentPaths: readonly string[];
  readonly send: (command: ShellCommand) => void;
  readonly openFile: (path: string) => void;
  readonly clearRecentFiles: () => void;
}

type Item = MenuItemConstructorOptions;

const separator: Item = { type: 'separator' };

export function menuTemplate(surroundings: MenuSurroundings): Item[] {
  const { platform, send } = surroundings;
  const isMac = platform === 'darwin';
  const command = (label: string, name: ShellCommand, accelerator?: string): Item => ({
    id: name,
    label,
    click: () => send(name),
    ...(accelerator && { accelerator }),
  });
  return [
    ...(isMac ? [{ role: 'appMenu' } satisfies Item] : []),
    {
      label: '&File',
      submenu: [
        command('New', 'file.new', 'CmdOrCtrl+N'),
        command('Open…', 'file.open', 'CmdOrCtrl+O'),
        { label: 'Open recent', submenu: recentItems(surroundings) },
        separator,
        command('Save', 'file.save', 'CmdOrCtrl+S'),
        command('Save as…', 'file.save-as', 'CmdOrCtrl+Shift+S'),
        separator,
        command('Import…', 'file.import'),
        command('Export…', 'file.export', 'CmdOrCtrl+Shift+E'),
        command('Export ONNX models…', 'file.export-onnx'),
        separator,
        isMac ? { role: 'close' } : { role: 'quit', label: 'Quit' },
      ],
    },
    {
      // Commands, not roles: the canvas has an undo and a clipboard of its own. Where a text field has the
      // focus, the preload turns them into the field's own.
      label: '&Edit',
      submenu: [
        command('Undo', 'edit.undo', 'CmdOrCtrl+Z'),
        command('Redo', 'edit.redo', isMac ? 'Cmd+Shift+Z' : 'Ctrl+Y'),
        separator,
        command('Cut', 'edit.cut', 'CmdOrCtrl+X'),
        command('Copy', 'edit.copy', 'CmdOrCtrl+C'),
        command('Paste', 'edit.paste', 'CmdOrCtrl+V'),
        command('Duplicate', 'edit.duplicate', 'CmdOrCtrl+D'),
        // Without a key: Delete and Backspace belong to whatever has the focus.
        command('Delete', 'edit.delete'),
        separator,
        command('Select all', 'edit.select-all', 'CmdOrCtrl+A'),
      ],
    },
    {
      label: '&View',
      submenu: [
        command('All commands…', 'view.command-palette', 'CmdOrCtrl+K'),
        separator,
        command('Fit the graph', 'view.fit', 'CmdOrCtrl+0'),
        command('Zoom in', 'view.zoom-in', 'CmdOrCtrl+Plus'),
        command('Zoom out', 'view.zoom-out', 'CmdOrCtrl+-'),
        separator,
        command('Light or dark', 'view.toggle-theme'),
        { role: 'togglefullscreen', label: 'Full screen' },
        separator,
        { role: 'toggleDevTools', label: 'Developer tools' },
      ],
    },
    {
      label: '&Run',
      submenu: [
        command('Run', 'run.start', 'CmdOrCtrl+Enter'),
        command('Cancel the run', 'run.cancel', 'CmdOrCtrl+.'),
      ],
    },
    { role: 'windowMenu', label: '&Window' },
    {
      role: 'help',
      label: '&Help',
      submenu: [
        { ...command('Commands and keys', 'view.command-palette'), id: 'help.commands' },
        command('Third-party licences', 'help.licences'),
        ...(isMac ? [] : [separator, { role: 'about', label: 'About Patchbay' } satisfies Item]),
      ],
    },
  ];
}

function recentItems({ recentPaths, openFile, clearRecentFiles }: MenuSurroundings): Item[] {
  if (recentPaths.length === 0) return [{ label: 'No files yet', enabled: false }];
  const names = recentPaths.map((path) => basename(path));
  return [
    ...recentPaths.map((path, index): Item => {
      const name = names[index] ?? path;
      const isTwice = names.indexOf(name) !== names.lastIndexOf(name);
      // An ampersand would underline the letter after it.
      const label = (isTwice ? `${name} (${dirname(path)})` : name).replaceAll('&', '&&');
      return { label, toolTip: path, click: () => openFile(path) };
    }),
    separator,
    { label: 'Forget these', click: clearRecentFiles },
  ];
}
