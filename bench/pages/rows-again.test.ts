import { expect, test } from 'vitest';
import { markdownTable } from './markdown-table.ts';
import { withRowsAgain } from './rows-again.ts';

const section = (
  date: string,
  command: string,
  rows: readonly (readonly string[])[],
  slow: readonly (readonly string[])[],
) =>
  [
    '## Encoders',
    `Measured on ${date} by \`${command}\`: a processor, 2 threads, 25.3 GB, Node.js 20.20.2, ONNX Runtime 1.30.0.`,
    'What the figures are.',
    markdownTable(['encoder', 'size', 'share'], rows, ['size']),
    'What holds back the slow ones.',
    markdownTable(['encoder', '1'], slow, ['1']),
  ].join('\n\n');

const old = section(
  '2026-11-28',
  'all',
  [
    ['`vit`', 'B', '72%'],
    ['`sam`', 'B', '**26%**'],
    ['`swin`', 'L', '**47%**'],
  ],
  [
    ['`sam`', 'FusedMatMul 39%'],
    ['`swin`', 'FusedMatMul 46%'],
  ],
);

test('a row that is measured again takes its own place, and is said to be', () => {
  const fresh = section('2026-11-28', 'some', [['`sam`', 'B', '57%']], []);
  const merged = withRowsAgain(old, fresh, ['sam'], ['size']);
  expect(merged).toBe(
    section(
      '2026-11-28',
      'all',
      [
        ['`vit`', 'B', '72%'],
        ['`sam`', 'B', '57%'],
        ['`swin`', 'L', '**47%**'],
      ],
      [['`swin`', 'FusedMatMul 46%']],
    ).replace('ONNX Runtime 1.30.0.', 'ONNX Runtime 1.30.0. `sam` again by `some`.'),
  );
  // A page that was merged once can be merged again.
  const slow = section('2026-11-28', 'more', [['`vit`', 'B', '**50%**']], [['`vit`', 'Conv 60%']]);
  const twice = withRowsAgain(merged ?? '', slow, ['vit'], ['size']) ?? '';
  expect(twice).toMatch(/`sam` again by `some`\. `vit` again by `more`\./);
  expect(twice).toMatch(/\| `vit` +\| B +\| \*\*50%\*\* \|/);
  expect(twice).toMatch(/\| `vit` +\| Conv 60% +\|$/m);
});

test('rows of another day or machine do not stand side by side', () => {
  const fresh = section('2026-11-29', 'some', [['`sam`', 'B', '57%']], []);
  expect(withRowsAgain(old, fresh, ['sam'], ['size'])).toBeNull();
  expect(
    withRowsAgain(old, fresh.replace('29', '28').replace('2 threads', '4 threads'), ['sam'], []),
  ).toBeNull();
});
