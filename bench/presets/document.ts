/** docs/presets.md: the field in one table, and one preset of each group as it ran here at its true size. */
import { formatBytes, formatCount, formatMilliseconds } from '#engine/contract/format.ts';
import { visualTokensText, type PresetSummary } from '#engine/contract/preset-summary.ts';
import { presetGroups } from '#engine/contract/publication.ts';
import type { Report, StageReport } from '#engine/contract/report.ts';
import { rowTitle } from '#engine/contract/run-event.ts';
import { tokensText } from '#engine/profile/tokens-text.ts';
import { markdownTable } from '../pages/markdown-table.ts';
import { pageWith, provenance } from '../pages/sections.ts';

/** One of each group that can be had with a picture alone, small enough to be run within minutes. */
export const measuredPresets = {
  'shapes-llava': 'Trained here: Shapes LLaVA',
  'mobilevlm-v2-1.7b': 'Compact models: MobileVLM V2 1.7B',
  'moe-llava-stablelm': 'Mixtures of experts: MoE-LLaVA StableLM',
  'cobra-3b': 'State spaces: Cobra 3B',
  'llava-1.5-7b-prumerge': 'Fewer visual tokens: LLaVA-1.5 7B with PruMerge',
  'llava-1.5-7b-spd': 'Faster decoding: LLaVA-1.5 7B, speculative',
  'mplug-video-1.3b': 'Video: mPLUG-video 1.3B',
  'vary-toy': 'Documents: Vary-toy 1.8B',
  'moe-tinymed': 'Biomedical: MoE-TinyMed',
} as const;
export type MeasuredPreset = keyof typeof measuredPresets;

/** The whole page is made of these, in this order. */
export const sectionTitles = { field: 'The field', ...measuredPresets } as const;
export type Part = keyof typeof sectionTitles;

const introduction = `# Presets

Written by a command, which anybody can run again on a machine that does nothing else:

\`\`\`sh
npm run bench:presets                             # everything, to the terminal
npm run bench:presets -- --write                  # everything, into this page
npm run bench:presets field -- --write            # the table alone, which is reckoned and not measured
npm run bench:presets cobra-3b -- --write         # one preset
\`\`\`
`;

export const presetsPage = (old: string, sections: Readonly<Partial<Record<Part, string>>>) =>
  pageWith(introduction, sectionTitles, old, sections);

export function fieldSection(presets: readonly PresetSummary[]): string {
  const titles = ['preset', 'paper', 'parameters', 'active', 'reported', 'visual tokens', 'memory'];
  const tables = Object.entries(presetGroups).flatMap(([group, title]) => {
    const rows = presets.filter(({ publication }) => publication?.group === group).map(fieldRow);
    return rows.length === 0
      ? []
      : [`### ${title}`, markdownTable(titles, rows, ['paper', 'reported'])];
  });
  return [
    `## ${sectionTitles.field}`,
    'Parameters, visual tokens that reach the language model, and memory are counted off the graphs; "reported" is what ' +
      'was published of the model. A test holds the two against each other, to within 2% or the digits that are published, ' +
      'and names the figures that contradict the published composition (`host/presets.test.ts`). Language models are at ' +
      'int4, all else at float32.',
    ...tables,
  ].join('\n\n');
}

function fieldRow(preset: PresetSummary): readonly string[] {
  const { title, parameters, activeParameters } = preset;
  const { paper, reported } = preset.publication ?? {};
  const of = reported?.counts === 'language-model' ? ' (language model)' : '';
  return [
    title,
    paper === undefined ? '–' : `arXiv ${paper}`,
    formatCount(parameters),
    activeParameters < parameters ? formatCount(activeParameters) : '–',
    reported?.parameters === undefined ? '–' : reported.parameters + of,
    visualTokensText(preset),
    formatBytes(preset.peakBytes),
  ];
}

export function runSection(id: MeasuredPreset, report: Report, command: string): string {
  const { totals, languageModels } = report;
  const [model] = languageModels;
  const stages = report.stages.filter(({ latencyMs }) => latencyMs.median >= 0.05);
  const table = markdownTable(
    ['stage', 'weights', 'precision', 'latency', 'peak', 'tokens', 'share'],
    stages.map((stage) => stageRow(stage, totals.stagesMs)),
    ['weights', 'precision'],
  );
  const speeds = model
    ? `First token after ${formatMilliseconds(model.timeToFirstTokenMs ?? 0)}, ${(model.decodeTokensPerSecond ?? 0).toFixed(1)} tokens a second after it. `
    : '';
  return [
    `## ${sectionTitles[id]}`,
    `${provenance(command)} \`npx patchbay run ${id} --runs ${stages[0]?.latencyMs.runs ?? 1}\` gives the same table.`,
    table,
    `${speeds}Wall clock ${formatMilliseconds(totals.wallMs)}, peak memory ${formatBytes(totals.peakBytes)}.`,
  ].join('\n\n');
}

function stageRow(stage: StageReport, totalMs: number): readonly string[] {
  const { latencyMs, memory } = stage;
  return [
    rowTitle(stage),
    stage.weights ?? '–',
    stage.precision ?? '–',
    formatMilliseconds(latencyMs.median),
    formatBytes(memory.peakBytes),
    tokensText(stage),
    `${((100 * latencyMs.median) / totalMs).toFixed(1)}%`,
  ];
}
