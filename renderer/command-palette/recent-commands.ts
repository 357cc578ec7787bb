/** What was chosen in the command palette, the last first, for as long as the window lives. */

/** More are not found faster by looking than by typing. */
const kept = 5;

let recent: readonly string[] = [];

export const recentCommands = (): readonly string[] => recent;

export function noteCommand(id: string): void {
  recent = [id, ...recent.filter((other) => other !== id)].slice(0, kept);
}
