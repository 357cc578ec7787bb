/** The commands of the app: its parts declare them, the app's root hands them over, and whoever runs one asks here. */
import { writeKeys } from './shortcut.ts';
import type { Command } from './command.ts';

let known: readonly Command[] = [];

/** Takes over every command of the app, in the order of the menus; once, before anything is drawn. */
export function setCommands(all: readonly Command[]): void {
  known = all;
}

export const commands = (): readonly Command[] => known;

export const isMac = navigator.platform.startsWith('Mac');

export function commandById(id: string): Command {
  const command = known.find((candidate) => candidate.id === id);
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
