/** Runs the command whose keys are pressed, and those that the window's own menu sends. */
import { useEffect } from 'react';
import { shell } from '#renderer/connection/shell.ts';
import { isOverlayOpen } from '#renderer/overlay/overlay.ts';
import { commands, isEnabled, isMac, runCommand } from './commands.ts';
import { matchesKeys } from './shortcut.ts';

export function useCommandKeys(): void {
  useEffect(() => {
    // Keys with Mod come before whatever has the focus: a card takes Enter for itself, whatever is held beside it.
    window.addEventListener('keydown', hearWithMod, { capture: true });
    window.addEventListener('keydown', hearWithout);
    const stop = shell?.onCommand(runCommand);
    return () => {
      window.removeEventListener('keydown', hearWithMod, { capture: true });
      window.removeEventListener('keydown', hearWithout);
      stop?.();
    };
  }, []);
}

function hearWithMod(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey) hear(event);
}

function hearWithout(event: KeyboardEvent): void {
  if (!event.ctrlKey && !event.metaKey && !event.defaultPrevented) hear(event);
}

function hear(event: KeyboardEvent): void {
  if (isOverlayOpen()) return;
  const writing = isTextField(event.target);
  const command = commands().find(
    ({ keys = [], inTextFields = false }) =>
      (inTextFields || !writing) && keys.some((each) => matchesKeys(event, each, isMac)),
  );
  if (!command) return;
  const enabled = isEnabled(command);
  // The browser has dialogs of its own for files, which are never meant here; its other keys it may have.
  if (!enabled && command.group !== 'File') return;
  event.preventDefault();
  event.stopPropagation();
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
