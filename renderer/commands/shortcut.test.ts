import { expect, test } from 'vitest';
import { matchesKeys, writeKeys, type KeyPress } from './shortcut.ts';

const press = (key: string, held: Partial<KeyPress> = {}): KeyPress => ({
  key,
  code: `Key${key.toUpperCase()}`,
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  altKey: false,
  ...held,
});

test('Mod is Command on a Mac and Control elsewhere, and never both', () => {
  expect(matchesKeys(press('z', { ctrlKey: true }), 'Mod+Z', false)).toBe(true);
  expect(matchesKeys(press('z', { metaKey: true }), 'Mod+Z', true)).toBe(true);
  expect(matchesKeys(press('z', { ctrlKey: true }), 'Mod+Z', true)).toBe(false);
  expect(matchesKeys(press('Z', { ctrlKey: true, shiftKey: true }), 'Mod+Z', false)).toBe(false);
  expect(matchesKeys(press('Z', { ctrlKey: true, shiftKey: true }), 'Mod+Shift+Z', false)).toBe(
    true,
  );
});

test('a sign matches however the keyboard makes it', () => {
  expect(matchesKeys(press('?', { shiftKey: true }), '?', false)).toBe(true);
  expect(matchesKeys(press('+', { ctrlKey: true, shiftKey: true }), 'Mod++', false)).toBe(true);
  expect(matchesKeys(press('/'), '/', false)).toBe(true);
});

test('with Alt held the key counts, whatever character a Mac makes of it', () => {
  const pressed = press('˜', { code: 'KeyN', altKey: true, metaKey: true });
  expect(matchesKeys(pressed, 'Mod+Alt+N', true)).toBe(true);
});

test('keys are written as each system writes them', () => {
  expect(writeKeys('Mod+Shift+Enter', true)).toBe('⌘⇧↵');
  expect(writeKeys('Mod+Shift+Enter', false)).toBe('Ctrl+Shift+↵');
  expect(writeKeys('Mod++', false)).toBe('Ctrl++');
});
