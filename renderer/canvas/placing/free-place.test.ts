import { expect, test } from 'vitest';
import { freePlace, notHiding, type Place } from './free-place.ts';

const card = (x: number, y: number) => ({ x, y, height: 140 });

test('a new card comes to lie where one looks, on the grid, and beside what is there', () => {
  expect(freePlace(card(101, 99), [])).toEqual({ x: 104, y: 96 });
  const taken = [card(104, 96)];
  const added: Place[] = [];
  for (let count = 0; count < 30; count++) {
    const place = freePlace(card(101, 99), taken);
    for (const { x, y } of taken)
      expect(Math.abs(x - place.x) >= 208 || Math.abs(y - place.y) >= 140).toBe(true);
    taken.push(card(place.x, place.y));
    added.push(place);
  }
  expect(added[0]).toEqual({ x: 104, y: 256 });
});

test('where there is no room near by, at least no card is hidden', () => {
  const everywhere = Array.from({ length: 4000 }, (_, index) =>
    card((index % 63) * 104 - 3200, Math.floor(index / 63) * 96 - 3000),
  );
  const place = freePlace(card(0, 0), everywhere);
  expect(everywhere.some(({ x, y }) => x === place.x && y === place.y)).toBe(false);
  expect(notHiding({ x: 8, y: 8 }, [{ x: 8, y: 8 }])).toEqual({ x: 40, y: 40 });
});
