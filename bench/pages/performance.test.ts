/** The page keeps the sections that are not measured anew, in their order, and passes the format check. */
import { format } from 'prettier';
import { expect, test } from 'vitest';
import { figureTable, times } from '../performance/figure.ts';
import { performancePage, performanceSection } from './performance.ts';

const figures = figureTable([
  {
    title: 'Phi-2 2.7B, 601 tokens: prefill by llama.cpp',
    ours: '492.0 tok/s',
    beside: '268.0 tok/s',
    value: 1.836,
    target: { atLeast: 1.5 },
    text: times,
  },
]);
const language = performanceSection('language', 'npm run bench:peers', figures);
const memory = performanceSection('memory', 'npm run bench:memory -- --write', figures);

test('a section says how it is measured before it shows what came out', () => {
  const [heading, measured, how = '', ...rest] = language.split('\n\n');
  expect(heading).toBe('## Language models beside other programs');
  expect(measured).toMatch(/^Measured on \d{4}-\d\d-\d\d by `npm run bench:peers`: /);
  expect(how).toContain('llama.cpp');
  expect(rest.at(-1)).toBe(figures);
});

test('one part is written, the others are kept in their order, as Prettier would lay them out', async () => {
  const first = performancePage('', { memory });
  const page = performancePage(first, { language });
  expect(page.indexOf(language)).toBeLessThan(page.indexOf(memory));
  expect(page.indexOf(language)).toBeGreaterThan(0);
  expect(performancePage(page, {})).toBe(page);
  expect(await format(page, { parser: 'markdown', printWidth: 100 })).toBe(page);
});
