/** Commands on files. */
import type { Command } from '#renderer/commands/command.ts';
import { openNewWindow } from '#renderer/files/new-window.ts';
import { shell } from '#renderer/connection/shell.ts';
import type { OpenDocument } from '#renderer/workspace/open-document.ts';
import { activeDocument, workspace } from '#renderer/workspace/workspace-store.ts';
import { announceTitle } from './window-title.ts';
import { exportJson } from './export-graph.ts';
import { close, newDocument } from './file-actions.ts';
import { exportModels } from './model-export.ts';
import { importJson, openFile } from './open-graph.ts';
import { save, saveAs } from './save-graph.ts';

const active = (): OpenDocument | null => activeDocument(workspace.getState());

/** For commands on the graph at the front. */
function onActive(
  work: (open: OpenDocument) => unknown,
): Required<Pick<Command, 'isEnabled' | 'run'>> {
  return {
    isEnabled: () => active() !== null,
    run: () => {
      const open = active();
      if (open) void work(open);
    },
  };
}

/** The desktop app is one window. */
const newWindow: Command = {
  id: 'file.new-window',
  title: 'New window',
  group: 'File',
  run: () => void openNewWindow(),
};

export const fileCommands: readonly Command[] = [
  {
    id: 'file.new',
    title: 'New',
    group: 'File',
    // Browsers open a window of their own on the first.
    keys: shell ? ['Mod+N', 'Mod+Alt+N'] : ['Mod+Alt+N'],
    inTextFields: true,
    run: newDocument,
  },
  ...(shell ? [] : [newWindow]),
  {
    id: 'file.open',
    title: 'Open…',
    group: 'File',
    keys: ['Mod+O'],
    inTextFields: true,
    run: () => void openFile(),
  },
  {
    id: 'file.save',
    title: 'Save',
    group: 'File',
    keys: ['Mod+S'],
    inTextFields: true,
    ...onActive(async ({ id }) => {
      if (!(await save(id))) announceTitle();
    }),
  },
  {
    id: 'file.save-as',
    title: 'Save as…',
    group: 'File',
    keys: ['Mod+Shift+S'],
    inTextFields: true,
    ...onActive(({ id }) => saveAs(id)),
  },
  {
    id: 'file.import',
    title: 'Import JSON…',
    group: 'File',
    keys: ['Mod+Shift+I'],
    inTextFields: true,
    run: importJson,
  },
  {
    id: 'file.export',
    title: 'Export JSON',
    group: 'File',
    keys: ['Mod+Shift+E'],
    inTextFields: true,
    ...onActive(({ document }) => exportJson(document)),
  },
  {
    id: 'file.export-onnx',
    title: 'Export ONNX models…',
    group: 'File',
    ...onActive((open) => exportModels(open)),
  },
  {
    id: 'file.close',
    title: 'Close',
    group: 'File',
    keys: ['Mod+Alt+W'],
    inTextFields: true,
    ...onActive(({ id }) => close(id)),
  },
];
