import { expect, it } from 'vitest';
import { readPixmaps } from './read-pixmaps.ts';

it('takes no picture without pixels for a frame', () => {
  expect(readPixmaps(Buffer.from('P6\n0 3\n255\n'))).toBeNull();
  expect(readPixmaps(Buffer.from('P6\n1 1\n255\nabc'))).toEqual([
    { width: 1, height: 1, data: Buffer.from('abc') },
  ]);
});
