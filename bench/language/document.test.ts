/** The page keeps the sections that are not measured anew, and passes the format check. */
import { format } from 'prettier';
import { expect, it } from 'vitest';
import { engineSection, expertSection, languagePage, stateSection } from './document.ts';

const command = 'npm run bench';
const speeds = { prefill: 60.25, decode: 10.4, stateBytes: 14.9e6 };

const state = stateSection(
  [
    {
      title: 'Pythia 1.4B',
      usual: { ...speeds, prefill: 120 },
      byTransformer: { prefill: 1, decode: 1 },
      flat: null,
    },
    {
      title: 'Mamba 1.4B',
      usual: speeds,
      byTransformer: { prefill: 0.502, decode: 0.98 },
      flat: { ratio: 0.991, shortStateBytes: 14.9e6, longStateBytes: 14.9e6 },
    },
  ],
  3,
  command,
);
const experts = expertSection(
  [
    { experts: 4, parameters: 2e8, decode: 50, timeRatio: 1 },
    { experts: 64, parameters: 3e9, decode: 40, timeRatio: 1.25 },
  ],
  5,
  command,
);

it('tells a state of one size beside a transformer, whose context ends before the long prompt', () => {
  expect(state).toMatch(
    /\| Mamba 1\.4B +\| +60\.3 \| +0\.50 \| +10\.4 \| +0\.98 \| +14\.9.MB \| +0\.991 \|/,
  );
  expect(state).toMatch(/\| Pythia 1\.4B .*( +– \|){3}/);
});

it('sets the time of a token beside how many times as many parameters there are', () => {
  expect(experts).toMatch(/\| 64 *\| +3\.00.B \| +15\.0 \| +40\.0 \| +1\.25 \|/);
});

it('writes one part, keeps the others, and is laid out as Prettier would', async () => {
  const first = languagePage('', { experts });
  const engine = engineSection([], command);
  const page = languagePage(first, { engine, state });
  expect(page.indexOf(engine)).toBeLessThan(page.indexOf(state));
  expect(page.indexOf(state)).toBeLessThan(page.indexOf(experts));
  const measured = languagePage(first, { state });
  expect(await format(measured, { parser: 'markdown', printWidth: 100 })).toBe(measured);
});
