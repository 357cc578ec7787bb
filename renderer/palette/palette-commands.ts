/** Commands of the palette. */
import { flushSync } from 'react-dom';
import type { Command } from '#renderer/commands/command.ts';
import { toggleFolded, view } from '#renderer/view/view-store.ts';
import { activeDocument, workspace } from '#renderer/workspace/workspace-store.ts';

/** The one search field of the palette. */
export const searchFieldId = 'search-nodes';

export const paletteCommands: readonly Command[] = [
  {
    id: 'view.search-nodes',
    title: 'Search nodes',
    group: 'View',
    keys: ['/'],
    isEnabled: () => activeDocument(workspace.getState()) !== null,
    run: () => {
      // The field is there only once the palette is drawn.
      flushSync(() => {
        if (view.getState().folded.palette) toggleFolded('palette');
      });
      const field = document.getElementById(searchFieldId);
      if (field instanceof HTMLInputElement) field.select();
      field?.focus();
    },
  },
];
