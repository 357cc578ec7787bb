/** docs/language-models.md: one section a part, each with its machine, date and command. */
import { formatBytes, formatCount } from '#engine/contract/format.ts';
import { markdownTable } from '../pages/markdown-table.ts';
import { pageWith, provenance } from '../pages/sections.ts';
import { chosenExperts, type MeasuredExperts } from './experts.ts';
import type { MeasuredModel } from './measure-model.ts';
import { contexts, type MeasuredRecurrence } from './recurrence.ts';
import { newTokens } from './rows.ts';

const speed = (perSecond: number): string => perSecond.toFixed(1);
const giga = (bytesPerSecond: number): string => (bytesPerSecond / 1e9).toFixed(1);

export function languageTable(models: readonly MeasuredModel[]): string {
  const titles = [
    'model',
    'prefill tok/s',
    'bare',
    'bare / engine',
    'decode tok/s',
    'bare',
    'bare / engine',
    'state',
    'GB/s read',
    'of memory',
  ];
  const rows = models.map(
    ({ title, engine, bare, bareByEngine, bytesPerToken, ...model }): readonly string[] => [
      title,
      speed(engine.prefill),
      speed(bare.prefill),
      bareByEngine.prefill.toFixed(3),
      speed(engine.decode),
      speed(bare.decode),
      bareByEngine.decode.toFixed(3),
      formatBytes(model.stateBytes),
      giga(engine.decode * bytesPerToken),
      model.bandwidthShare.toFixed(2),
    ],
  );
  return markdownTable(titles, rows);
}

/** The whole page is made of these, in this order. */
export const sectionTitles = {
  engine: 'The engine beside bare sessions',
  state: 'What a state of one size changes',
  experts: 'What more experts cost',
} as const;
export type Part = keyof typeof sectionTitles;

export function engineSection(models: readonly MeasuredModel[], command: string): string {
  const [first] = models;
  return [
    `## ${sectionTitles.engine}`,
    provenance(command),
    `Random weights at int4, ${first?.promptTokens ?? 0} tokens of prompt, ${newTokens} of answer; medians of ${first?.rounds ?? 0} rounds, in which the whole ` +
      'engine, the bare sessions of the same two graphs and a reader of memory take turns. "bare / engine" is the median of ' +
      'each round\'s own ratio. "state" is what is carried from token to token behind the prompt. "GB/s read" is decode\'s ' +
      'speed times the bytes of weights and state that a token reads; "of memory" is its share of what as many readers as ' +
      'threads get when they do nothing but read; above 1 the reader found its memory slower than the model its own, and ' +
      'the figure says little.',
    languageTable(models),
  ].join('\n\n');
}

export function stateSection(
  models: readonly MeasuredRecurrence[],
  rounds: number,
  command: string,
): string {
  const { usual, short, long } = contexts;
  const titles = [
    'model',
    'prefill tok/s',
    "of the transformer's",
    'decode tok/s',
    "of the transformer's",
    'state',
    `decode at ${long} by ${short}`,
    `state at ${short}`,
    `at ${long}`,
  ];
  const rows = models.map(({ title, usual: own, byTransformer, flat }) => [
    title,
    speed(own.prefill),
    byTransformer.prefill.toFixed(2),
    speed(own.decode),
    byTransformer.decode.toFixed(2),
    formatBytes(own.stateBytes),
    flat ? flat.ratio.toFixed(3) : '–',
    flat ? formatBytes(flat.shortStateBytes) : '–',
    flat ? formatBytes(flat.longStateBytes) : '–',
  ]);
  return [
    `## ${sectionTitles.state}`,
    provenance(command),
    `Random weights at int4, ${usual} words of prompt, ${newTokens} tokens of answer; medians of ${rounds} rounds, in which all models take ` +
      `turns. The first is the transformer that the others are held against: its context ends at 2,048 tokens. The last ` +
      `columns compare prompts of ${short} and of ${long} words.`,
    markdownTable(titles, rows),
  ].join('\n\n');
}

export function expertSection(
  models: readonly MeasuredExperts[],
  rounds: number,
  command: string,
): string {
  const [fewest] = models;
  const titles = [
    'experts',
    'parameters',
    'times as many',
    'decode tok/s',
    'times as long a token',
  ];
  const rows = models.map(({ experts, parameters, decode, timeRatio }) => [
    String(experts),
    formatCount(parameters),
    (parameters / (fewest?.parameters ?? NaN)).toFixed(1),
    speed(decode),
    timeRatio.toFixed(2),
  ]);
  return [
    `## ${sectionTitles.experts}`,
    provenance(command),
    `A decoder of 12 layers, each with experts of which ${chosenExperts} see a token; random weights at int4; medians of ${rounds} rounds, ` +
      'in which all take turns. Were all experts read for a token, it would take as many times as long as there are times as ' +
      'many parameters.',
    markdownTable(titles, rows),
  ].join('\n\n');
}

const introduction = `# What language models cost

Written by a command, which anybody can run again on a machine that does nothing else:

\`\`\`sh
npm run bench                                     # everything, to the terminal
npm run bench -- --write                          # everything, into this page
npm run bench tinyllama phi-2                     # some models beside their bare sessions
npm run bench state -- --rounds 3 --write         # one part: engine, state or experts
\`\`\`
`;

/** The page with some sections new; those that are not keep what the page had. */
export const languagePage = (
  old: string,
  sections: Readonly<Partial<Record<Part, string>>>,
): string => pageWith(introduction, sectionTitles, old, sections);
