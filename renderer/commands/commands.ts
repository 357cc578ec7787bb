/** Every command of the app, in the order of the menus. */
import { canvasCommands } from '#renderer/canvas/canvas-commands.ts';
import { fileCommands } from '#renderer/files/file-commands.ts';
import { paletteCommands } from '#renderer/palette/palette-commands.ts';
import { runCommands } from '#renderer/runs/run-commands.ts';
import { viewCommands } from '#renderer/view/view-commands.ts';
import { writeKeys } from './shortcut.ts';
import type { Command } from './command.ts';

export const commands: readonly Command[] = [
  ...fileCommands,
  ...canvasCommands,
  ...paletteCommands,
  ...viewCommands,
  ...runCommands,
];

export const isMac = navigator.platform.startsWith('Mac');

export function commandById(id: string): Command {
  const command = commands.find((candidate) => candidate.id === id);
  if (!command) throw new Error(`There is no command "${id}".`);
  return command;
}

export const isEnabled = ({ isEnabled: asks }: Command): boolean => asks?.() ?? true;

export function runCommand(id: string): void {
  const command = commandById(id);
  if (isEnabled(command)) command.run();
}

/** "Run (⌘↵)", for tooltips. */
export function titleWithKeys(id: string): string {
  const { title, keys } = commandById(id);
  return keys?.[0] === undefined ? title : `${title} (${writeKeys(keys[0], isMac)})`;
}
