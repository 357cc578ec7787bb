/** Commands that change how the window looks. */
import type { Command } from '#renderer/commands/command.ts';
import { activate } from '#renderer/workspace/workspace-store.ts';
import { showOverlay } from '#renderer/overlay/overlay.ts';
import { showResults, toggleFolded, view } from './view-store.ts';

export const viewCommands: readonly Command[] = [
  {
    id: 'view.command-palette',
    title: 'Command palette',
    group: 'View',
    keys: ['Mod+K', 'Mod+Shift+P'],
    inTextFields: true,
    run: () => showOverlay({ kind: 'command-palette' }),
  },
  { id: 'view.gallery', title: 'Gallery of presets', group: 'View', run: () => activate(null) },
  {
    id: 'view.palette',
    title: 'Show or fold the palette',
    group: 'View',
    keys: ['Mod+B'],
    run: () => toggleFolded('palette'),
  },
  {
    id: 'view.inspector',
    title: 'Show or fold the inspector',
    group: 'View',
    keys: ['Mod+I'],
    run: () => toggleFolded('inspector'),
  },
  {
    id: 'view.results',
    title: 'Show or fold the results',
    group: 'View',
    keys: ['Mod+J'],
    run: () => toggleFolded('results'),
  },
  {
    id: 'view.problems',
    title: 'Show problems',
    group: 'View',
    keys: ['Mod+Shift+M'],
    run: () => showResults('problems'),
  },
  {
    id: 'view.toggle-theme',
    title: 'Light, dark or as the system',
    group: 'View',
    keys: ['Mod+Shift+L'],
    run: () => {
      const next = { system: 'light', light: 'dark', dark: 'system' } as const;
      view.setState(({ theme }) => ({ theme: next[theme] }));
    },
  },
  {
    id: 'help.shortcuts',
    title: 'Keyboard shortcuts',
    group: 'Help',
    keys: ['?'],
    run: () => showOverlay({ kind: 'shortcuts' }),
  },
  {
    id: 'help.licences',
    title: 'Third-party licences',
    group: 'Help',
    run: () => showOverlay({ kind: 'licences' }),
  },
];
