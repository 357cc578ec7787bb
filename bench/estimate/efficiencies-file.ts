/** The table of efficiencies as a source file, laid out as Prettier does. */
import type { OperatorEfficiencies } from '#engine/estimate/operator-efficiencies.ts';

export const efficienciesFile = ({ roofs, starts }: OperatorEfficiencies): string =>
  [
    '/** Written by `npm run bench:estimate -- --write`: what operators reached, in the terms of operator-efficiencies.ts. */',
    'export const measured = {',
    ...entries('roofs', roofs),
    ...entries('starts', starts),
    '};',
    '',
  ].join('\n');

function entries(name: string, figures: Readonly<Record<string, number>>): readonly string[] {
  const lines = Object.entries(figures).map(([key, figure]) => {
    const written = /^\w+$/.test(key) ? key : `'${key}'`;
    return `    ${written}: ${figure},`;
  });
  return lines.length === 0 ? [`  ${name}: {},`] : [`  ${name}: {`, ...lines, '  },'];
}
