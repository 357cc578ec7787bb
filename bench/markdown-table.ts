/** Tables of pages that commands write. */

export type Cells = readonly string[];

/** As Prettier lays tables out, so that the page passes its check. Columns of text are the first and those named. */
export function markdownTable(titles: Cells, rows: readonly Cells[], text: Cells = []): string {
  const widths = titles.map((title, column) =>
    Math.max(3, title.length, ...rows.map((cells) => cells[column]?.length ?? 0)),
  );
  const isText = (column: number): boolean => column === 0 || text.includes(titles[column] ?? '');
  const line = (cells: Cells): string => {
    const padded = cells.map((cell, column) => {
      const width = widths[column] ?? 0;
      return isText(column) ? cell.padEnd(width) : cell.padStart(width);
    });
    return `| ${padded.join(' | ')} |`;
  };
  const rule = widths.map((width, column) => '-'.repeat(width - 1) + (isText(column) ? '-' : ':'));
  return [titles, rule, ...rows].map(line).join('\n');
}
