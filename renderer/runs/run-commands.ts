/** Commands that run a graph. */
import type { Command } from '#renderer/commands/command.ts';
import { activeDocument, workspace } from '#renderer/workspace/workspace-store.ts';
import { goingRun, runStore } from './run-store.ts';
import { cancelRun, startRun } from './start-run.ts';

const active = () => activeDocument(workspace.getState());
const going = () => goingRun(runStore.getState(), active()?.id ?? null);
const selected = (): string | null => {
  const [id, ...others] = active()?.selection ?? [];
  return id !== undefined && others.length === 0 ? id : null;
};

export const runCommands: readonly Command[] = [
  {
    id: 'run.start',
    title: 'Run',
    group: 'Run',
    keys: ['Mod+Enter'],
    inTextFields: true,
    isEnabled: () => active() !== null && going() === null,
    run: () => void startRun(),
  },
  {
    id: 'run.until',
    title: 'Run up to the selected node',
    group: 'Run',
    keys: ['Mod+Shift+Enter'],
    isEnabled: () => selected() !== null && going() === null,
    run: () => void startRun(selected()),
  },
  {
    id: 'run.cancel',
    title: 'Cancel the run',
    group: 'Run',
    keys: ['Mod+.'],
    inTextFields: true,
    isEnabled: () => going() !== null,
    run: () => {
      const run = going();
      if (run) void cancelRun(run.runId, false);
    },
  },
];
