import { expect, test } from 'vitest';
import { fileDate } from './file-date.ts';

test('a date is as short as it can be without being mistaken', () => {
  const now = new Date(2026, 4, 12, 9, 30);
  const on = (...date: [number, number, number, number, number]): string =>
    fileDate(new Date(...date).toISOString(), now);
  expect([
    on(2026, 4, 12, 8, 5),
    on(2026, 4, 11, 23, 59),
    on(2026, 2, 3, 12, 0),
    on(2024, 2, 3, 12, 0),
    fileDate('no date', now),
  ]).toEqual(['08:05', 'yesterday', '3 Mar', '3 Mar 2024', '']);
});
