/** Which window opens, and in what words its choice is told. */
import { expect, test } from 'vitest';
import { because, displayProblem, wishedFace } from './faces.ts';

test('A wish is one of three words, or a mistake that names them', () => {
  expect(wishedFace({})).toBeNull();
  expect(wishedFace({ PATCHBAY_FACE: 'browser' })).toBe('browser');
  expect(wishedFace({ PATCHBAY_FACE: 'chrome' })).toEqual({
    mistake: 'PATCHBAY_FACE is "chrome"; set it to electron, browser, none or not at all.',
  });
});

test('Only Linux may be without a display', () => {
  expect(displayProblem({}, 'linux')).toMatch(/neither DISPLAY nor WAYLAND_DISPLAY is set/);
  expect(displayProblem({ DISPLAY: ':0' }, 'linux')).toBeNull();
  expect(displayProblem({ WAYLAND_DISPLAY: 'wayland-0' }, 'linux')).toBeNull();
  expect([displayProblem({}, 'darwin'), displayProblem({}, 'win32')]).toEqual([null, null]);
});

test('Reasons are joined as one says them', () => {
  expect(because([])).toBe('');
  expect(because(['it rains'])).toBe(', because it rains');
  expect(because(['it rains', 'it is cold', 'it is late'])).toBe(
    ', because it rains, it is cold and it is late',
  );
});
