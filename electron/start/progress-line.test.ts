/** A terminal sees one line that moves; a log sees a few that stay. */
import { expect, test } from 'vitest';
import { ProgressLine } from './progress-line.ts';

function shownOn(isTTY: boolean): string {
  let text = '';
  const line = new ProgressLine({ isTTY, write: (more: string) => (text += more) }, 'Fetching');
  for (let megabytes = 0; megabytes <= 100; megabytes++)
    line.show(megabytes * 1e6, megabytes ? 100e6 : null);
  line.clear();
  return text;
}

test('On a terminal', () => {
  const steps = shownOn(true).split('\r\u001B[K');
  expect(steps.slice(1, 3)).toEqual(['Fetching …', 'Fetching: 1 of 100 MB']);
  expect(steps.slice(-2)).toEqual(['Fetching: 100 of 100 MB', '']);
});

test('In a log', () => {
  expect(shownOn(false).trimEnd().split('\n')).toEqual([
    'Fetching …',
    'Fetching: 25 of 100 MB',
    'Fetching: 50 of 100 MB',
    'Fetching: 75 of 100 MB',
    'Fetching: 100 of 100 MB',
  ]);
});
