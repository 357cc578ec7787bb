/** Electron tells one number; whether a signal or a code stands in it decides what the user is told. */
import { expect, test } from 'vitest';
import { endOfUtility } from './utility-end.ts';

test.for([
  [0, { code: 0, signal: null }],
  [1, { code: 1, signal: null }],
  // waitpid: killed; a crash that left a core behind; an exit code one byte up.
  [9, { code: null, signal: 'SIGKILL' }],
  [139, { code: null, signal: 'SIGSEGV' }],
  [256, { code: 1, signal: null }],
] as const)('On Unix, %i', ([told, end]) => {
  expect(endOfUtility(told, 'linux')).toEqual(end);
});

test('On Windows it is the code', () => {
  expect(endOfUtility(9, 'win32')).toEqual({ code: 9, signal: null });
  expect(endOfUtility(3_221_225_477, 'win32')).toEqual({ code: 3_221_225_477, signal: null });
});
