/** Runs the command whose keys are pressed, and those that the window's own menu sends. */
import { useEffect } from 'react';
import { shell } from '#renderer/connection/shell.ts';
import { view } from '#renderer/view/view-store.ts';
import { commands, isEnabled, isMac, runCommand } from './commands.ts';
import { matchesKeys } from './shortcut.ts';

export function useCommandKeys(): void {
  useEffect(() => {
    window.addEventListener('keydown', hear);
    const stop = shell?.onCommand(runCommand);
    return () => {
      window.removeEventListener('keydown', hear);
      stop?.();
    };
  }, []);
}

function hear(event: KeyboardEvent): void {
  if (event.defaultPrevented || view.getState().overlay !== null) return;
  const writing = isTextField(event.target);
  const command = commands.find(
    ({ keys = [], inTextFields = false }) =>
      (inTextFields || !writing) && keys.some((each) => matchesKeys(event, each, isMac)),
  );
  if (!command) return;
  const enabled = isEnabled(command);
  // The browser has dialogs of its own for files, which are never meant here; its other keys it may have.
  if (enabled || command.group === 'File') event.preventDefault();
  if (enabled) command.run();
}

function isTextField(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      target instanceof HTMLTextAreaElement ||
      (target instanceof HTMLInputElement && !['checkbox', 'radio', 'range'].includes(target.type)))
  );
}
