import { expect, test } from 'vitest';
import { nearestNames } from './nearest-names.ts';

const names = [
  'bunny-2b',
  'bunny-3b',
  'llava-phi',
  'mobilevlm-1.7b',
  'mobilevlm-v2-1.7b',
  'paligemma-3b',
];

test.each([
  ['bunny-4b', ['bunny-2b', 'bunny-3b']],
  ['buny-3b', ['bunny-3b', 'bunny-2b']],
  ['MobileVLM', ['mobilevlm-1.7b', 'mobilevlm-v2-1.7b']],
  ['gemma', ['paligemma-3b']],
  ['/home/somebody/graph.patchbay.json', []],
  ['', []],
])('"%s" may have meant %j', (typed, meant) => {
  expect(nearestNames(typed, names)).toEqual(meant);
});
