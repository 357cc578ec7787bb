/** docs/performance.md: what is promised of speed and memory, how each figure is measured, and whether it is met. */
import { pageWith, provenance } from './sections.ts';

/** The whole page is made of these, in this order; each has a text that says how its figures are measured. */
const parts = {
  estimate: { title: 'Estimates beside measurements', how: '' },
} as const;

export type PerformancePart = keyof typeof parts;

const titles = Object.fromEntries(
  Object.entries(parts).map(([part, { title }]) => [part, title]),
) as Readonly<Record<PerformancePart, string>>;

/** Heading, machine, how it is measured, and what came out. */
export function performanceSection(
  part: PerformancePart,
  command: string,
  ...blocks: readonly string[]
): string {
  const { title, how } = parts[part];
  return [`## ${title}`, provenance(command), how, ...blocks].filter(Boolean).join('\n\n');
}

const introduction = `# How fast, and in how much memory

Written by commands, which anybody can run again on a machine that does nothing else:

\`\`\`sh
npm run bench:estimate -- --write          # estimates beside measurements
\`\`\`
`;

/** The page with some sections new; those that are not keep what the page had. */
export const performancePage = (
  old: string,
  sections: Readonly<Partial<Record<PerformancePart, string>>>,
): string => pageWith(introduction, titles, old, sections);
