/** Every command of the app, in the order of the menus. */
import { canvasCommands } from '#renderer/canvas/canvas-commands.ts';
import type { Command } from '#renderer/commands/command.ts';
import { fileCommands } from '#renderer/files/file-commands.ts';
import { paletteCommands } from '#renderer/palette/palette-commands.ts';
import { runCommands } from '#renderer/runs/run-commands.ts';
import { viewCommands } from '#renderer/view/view-commands.ts';

export const allCommands: readonly Command[] = [
  ...fileCommands,
  ...canvasCommands,
  ...paletteCommands,
  ...viewCommands,
  ...runCommands,
];
