/** What language models of one graph are called beside one another. */
import type { LanguageReport, Report, StageReport } from '../contract/report.ts';

/** By node: the title, and the node too where several have the same title. */
export function languageTitles(
  languageModels: readonly Pick<LanguageReport, 'node' | 'title'>[],
): ReadonlyMap<string, string> {
  const count = (title: string): number =>
    languageModels.filter((model) => model.title === title).length;
  return new Map(
    languageModels.map(({ node, title }) => [
      node,
      count(title) > 1 ? `${title} (${node})` : title,
    ]),
  );
}

/** The rows of a report by titles that tell language models apart. */
export function rowsToldApart({
  stages,
  languageModels,
}: Pick<Report, 'stages' | 'languageModels'>): readonly StageReport[] {
  const titles = languageTitles(languageModels);
  return stages.map((stage) => ({ ...stage, title: titles.get(stage.node) ?? stage.title }));
}
