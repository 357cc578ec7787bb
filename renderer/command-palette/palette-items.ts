/** Everything that the command palette can do: all commands, every node to add, every preset to open. */
import type { PresetSummary } from '#engine/contract/preset-summary.ts';
import type { Catalogue } from '#engine/node/any-node-definition.ts';
import type { Family } from '#engine/node/node-definition.ts';
import { catalogue } from '#nodes/index.ts';
import { addNode } from '#renderer/canvas/placing/add-node.ts';
import { openPreset } from '#renderer/files/file-actions.ts';
import { activeDocument, workspace } from '#renderer/workspace/workspace-store.ts';
import { commands, isEnabled, isMac } from '#renderer/commands/commands.ts';
import { writeKeys } from '#renderer/commands/shortcut.ts';

export interface PaletteItem {
  readonly id: string;
  readonly title: string;
  readonly group: string;
  readonly keys: string | null;
  /** Of a node. */
  readonly family: Family | null;
  readonly isEnabled: boolean;
  readonly run: () => void;
}

export function paletteItems(presets: readonly PresetSummary[]): readonly PaletteItem[] {
  const hasGraph = activeDocument(workspace.getState()) !== null;
  const known: Catalogue = catalogue;
  return [
    ...commands()
      // It is open already.
      .filter(({ id }) => id !== 'view.command-palette')
      .map((command) => ({
        id: command.id,
        title: command.title,
        group: command.group,
        keys: command.keys?.[0] === undefined ? null : writeKeys(command.keys[0], isMac),
        family: null,
        isEnabled: isEnabled(command),
        run: command.run,
      })),
    ...Object.values(known).map(({ type, title, family }) => ({
      id: `add:${type}`,
      title: `Add ${title}`,
      group: 'Nodes',
      keys: null,
      family,
      isEnabled: hasGraph,
      run: () => void addNode(type),
    })),
    ...presets.map(({ id, title }) => ({
      id: `preset:${id}`,
      title: `Open preset ${title}`,
      group: 'Presets',
      keys: null,
      family: null,
      isEnabled: true,
      run: () => void openPreset(id),
    })),
  ];
}
