import { expect, test } from 'vitest';
import { figureTable, isMet, percent, times, type Figure } from './figure.ts';

const figure: Figure = {
  title: 'prefill',
  ours: '492.0 tok/s',
  beside: '268.0 tok/s',
  value: 1.836,
  target: { atLeast: 1.5 },
  text: times,
};

test('a figure is met at its target, on the side that the target names', () => {
  expect(isMet({ value: 1.5, target: { atLeast: 1.5 } })).toBe(true);
  expect(isMet({ value: 1.499, target: { atLeast: 1.5 } })).toBe(false);
  expect(isMet({ value: 1.25, target: { atMost: 1.25 } })).toBe(true);
  expect(isMet({ value: 1.251, target: { atMost: 1.25 } })).toBe(false);
});

test('a figure that a peer is missing for is neither met nor missed', () => {
  expect(isMet({ value: null, target: { atLeast: 1 } })).toBeNull();
  expect(isMet({ value: NaN, target: { atMost: 1 } })).toBeNull();
});

test('the table sets each figure beside its target and says the verdict', () => {
  const table = figureTable([
    figure,
    { ...figure, title: 'decode', value: 0.85, target: { atLeast: 0.9 }, text: percent },
    { ...figure, title: 'torch', beside: '–', value: null, target: { atMost: 1 } },
  ]);
  const rows = table.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  expect(rows[2]?.slice(1, -1)).toEqual([
    'prefill',
    '492.0 tok/s',
    '268.0 tok/s',
    '1.84×',
    'at least 1.50×',
    'met',
  ]);
  expect(rows[3]?.slice(4, -1)).toEqual(['85.0%', 'at least 90.0%', '**not met**']);
  expect(rows[4]?.slice(4, -1)).toEqual(['–', 'at most 1.00×', 'not measured']);
});
