import { expect, test } from 'vitest';
import { reportFileName } from './save-text.ts';

test('a report is named after its graph and its time, whatever the title holds', () => {
  const at = '2026-07-01T14:02:11.482Z';
  expect(reportFileName('LLaVA-Phi · FastV (½)', at, 'csv')).toBe(
    'llava-phi-fastv-1-2-2026-07-01-14-02-11.csv',
  );
  expect(reportFileName('../../图', at, 'json')).toBe('graph-2026-07-01-14-02-11.json');
});
