/** What language models of one graph are called beside one another. */
import type { LanguageReport } from '../contract/report.ts';

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
