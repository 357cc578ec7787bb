/** What was wrong, or was warned of, each with its node. Pure. */
import { checkGraph } from '../../graph/check.ts';
import { nodeTitle } from '../../graph/node-title.ts';
import { markup, type Markup } from './markup.ts';
import type { SavedReport } from './saved-report.ts';

export function problemSection({ report, document, catalogue }: SavedReport): Markup | null {
  const { problems } = report;
  if (problems.length === 0) return null;
  const nodes = document ? checkGraph(document, catalogue).nodes : {};
  const titleOf = (id: string): string => {
    const node = Object.hasOwn(nodes, id) ? nodes[id] : undefined;
    return node ? nodeTitle(node) : id;
  };
  const notes = problems.map(({ severity, node, message }) => {
    const place = node === undefined ? '' : `${titleOf(node)}: `;
    return markup`<p class="note" data-severity="${severity}"><strong>${severity}</strong> ${place}${message}</p>\n`;
  });
  return markup`<section><h2>Problems</h2>
${notes}</section>`;
}
