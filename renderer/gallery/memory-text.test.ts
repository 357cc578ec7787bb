import { expect, test } from 'vitest';
import { memoryText } from './memory-text.ts';

test('a graph that leaves the system no room does not fit', () => {
  expect(memoryText(3.3e9, 16e9)).toEqual({ fits: true, text: 'fits your 16.0\u2009GB' });
  expect(memoryText(15e9, 16e9)).toEqual({
    fits: false,
    text: 'needs 15.0\u2009GB of your 16.0\u2009GB',
  });
});
