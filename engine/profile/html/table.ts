/** Tables of a saved report. Pure. */
import { markup, type Markup } from './markup.ts';

export interface Column<Row> {
  readonly title: string;
  readonly look?: 'number' | 'chart';
  readonly cell: (row: Row) => Markup | string;
}

/** The first column names its row. What does not fit a narrow window is moved within its frame, by keys too. */
export function htmlTable<Row>(
  caption: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  foot: readonly Row[] = [],
): Markup {
  const heads = columns.map(({ title, look }) =>
    look === 'chart'
      ? markup`<th scope="col" class="chart">${title}</th>`
      : markup`<th scope="col"${classOf(look)}>${title}</th>`,
  );
  return markup`<div class="wide" role="region" tabindex="0" aria-label="${caption}"><table>
<caption>${caption}</caption>
<thead><tr>${heads}</tr></thead>
<tbody>${rows.map((row) => tableRow(columns, row))}</tbody>
${foot.length > 0 ? markup`<tfoot>${foot.map((row) => tableRow(columns, row))}</tfoot>` : null}</table></div>`;
}

function tableRow<Row>(columns: readonly Column<Row>[], row: Row): Markup {
  const cells = columns.map(({ look, cell }, place) =>
    place === 0
      ? markup`<th scope="row">${cell(row)}</th>`
      : markup`<td${classOf(look)}>${cell(row)}</td>`,
  );
  return markup`<tr>${cells}</tr>\n`;
}

const classOf = (look: Column<unknown>['look']): Markup | null =>
  look === undefined ? null : markup` class="${look}"`;

/** Names and what belongs to each; those that are not known are left out. */
export function factTable(
  caption: string,
  facts: readonly (readonly [name: string, value: string | null])[],
): Markup {
  const rows = facts.flatMap(([name, value]) =>
    value === null ? [] : [markup`<tr><th scope="row">${name}</th><td>${value}</td></tr>\n`],
  );
  return markup`<table class="facts"><caption>${caption}</caption><tbody>${rows}</tbody></table>`;
}
