import { expect, test } from 'vitest';
import { nameEnd } from './name-end.ts';

const cut = (name: string): string =>
  `${name.slice(0, nameEnd(name))}|${name.slice(nameEnd(name))}`;

test('what stays of a long name begins with a word, where words are short enough', () => {
  expect(
    [
      'Vicuna 7B v1.5, int4 block 128',
      'A study of visual tokens and a projector narrow',
      'landscape-lake-at-night.png',
      '/home/me/checkpoints',
      'encoder/siglip-so400m',
      'Internationalisierungsmodell',
    ].map(cut),
  ).toEqual([
    'Vicuna 7B v1.5, int4| block 128',
    'A study of visual tokens and a projector| narrow',
    'landscape-lake-at|-night.png',
    '/home/me|/checkpoints',
    'encoder/siglip|-so400m',
    'Internationalisierun|gsmodell',
  ]);
});
