import { expect, it } from 'vitest';
import { gridPositions } from './grid-positions.ts';
import type { VisualRun } from './segments.ts';

/** When, row and column, a string a token. */
function placesOf(length: number, visual: readonly VisualRun[], clipStep = 1) {
  const { parts, next } = gridPositions(length, visual, clipStep);
  const places = Array.from({ length }, (_, place) =>
    parts.map((part) => Number(part[place])).join(' '),
  );
  return { places, next };
}

it('counts words on, and what follows a picture behind its longer side', () => {
  const picture = { start: 2, count: 6, rows: 2 };
  expect(placesOf(10, [picture])).toEqual({
    places: [
      '0 0 0',
      '1 1 1',
      '2 2 2',
      '2 2 3',
      '2 2 4',
      '2 3 2',
      '2 3 3',
      '2 3 4',
      '5 5 5',
      '6 6 6',
    ],
    next: 7,
  });
  expect(placesOf(3, []).places).toEqual(['0 0 0', '1 1 1', '2 2 2']);
  expect(placesOf(0, [])).toEqual({ places: [], next: 0 });
});

it('counts two pictures that follow each other apart, with nothing between them', () => {
  const pictures = [
    { start: 0, count: 2, rows: 2 },
    { start: 2, count: 2, rows: 1 },
  ];
  expect(placesOf(5, pictures).places).toEqual(['0 0 0', '0 1 0', '2 2 2', '2 2 3', '4 4 4']);
});

it('tells the steps of a clip apart in time, as far as they are long', () => {
  const clip = { start: 1, count: 6, rows: 1, steps: 3 };
  const { places, next } = placesOf(8, [clip], 2);
  expect(places).toEqual(['0 0 0', '1 1 1', '1 1 2', '3 1 1', '3 1 2', '5 1 1', '5 1 2', '3 3 3']);
  // An answer begins behind everything, the last step of the clip too.
  expect(next).toBe(6);
});
