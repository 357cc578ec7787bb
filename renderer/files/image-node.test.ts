import { expect, test } from 'vitest';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { imageNodeOf } from './image-node.ts';

test('a picture goes to the selected Image node, else to the only one, else to a new one', () => {
  const one = sketchDocument({ a: ['input/image'], prompt: ['input/prompt', { text: '' }] }, []);
  const two = sketchDocument({ a: ['input/image'], b: ['input/image'] }, []);
  expect(imageNodeOf(one, new Set())).toBe('a');
  expect(imageNodeOf(one, new Set(['prompt']))).toBe('a');
  expect(imageNodeOf(two, new Set(['b']))).toBe('b');
  expect(imageNodeOf(two, new Set())).toBeNull();
  expect(imageNodeOf(two, new Set(['a', 'b']))).toBeNull();
  expect(imageNodeOf(sketchDocument({}, []), new Set())).toBeNull();
});
