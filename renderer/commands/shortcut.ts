/** Keys of commands: does an event match, and how are they written. Pure. */

export interface KeyPress {
  readonly key: string;
  /** The key's place, `KeyN`: with Alt held a Mac gives another character for the key. */
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
}

/** Signs that need Shift on some keyboards and not on others. */
const isSign = (key: string): boolean => key.length === 1 && !/[a-z0-9]/i.test(key);

export function matchesKeys(press: KeyPress, keys: string, isMac: boolean): boolean {
  const parts = keys.split('+');
  // "Mod++" is Mod and the plus sign.
  const key = keys.endsWith('+') ? '+' : (parts.at(-1) as string);
  const wants = new Set(parts.slice(0, -1));
  const mod = isMac ? press.metaKey : press.ctrlKey;
  const otherMod = isMac ? press.ctrlKey : press.metaKey;
  return (
    (press.key.toLowerCase() === key.toLowerCase() ||
      (press.altKey && press.code === `Key${key.toUpperCase()}`)) &&
    mod === wants.has('Mod') &&
    !otherMod &&
    press.altKey === wants.has('Alt') &&
    (press.shiftKey === wants.has('Shift') || isSign(key))
  );
}

const macSigns: Readonly<Record<string, string>> = {
  Mod: '⌘',
  Shift: '⇧',
  Alt: '⌥',
  Enter: '↵',
  Backspace: '⌫',
};
const words: Readonly<Record<string, string>> = { Mod: 'Ctrl', Enter: '↵' };

/** "⌘↵" on a Mac, "Ctrl+↵" elsewhere. */
export function writeKeys(keys: string, isMac: boolean): string {
  const parts = keys.endsWith('++') ? [...keys.slice(0, -2).split('+'), '+'] : keys.split('+');
  const written = parts.map((part) => (isMac ? macSigns : words)[part] ?? part);
  return written.join(isMac ? '' : '+');
}
