/** A section in which some rows are measured again; the others stay as they are, as they are of the same day and machine. */
import { markdownTable, type Cells } from './markdown-table.ts';

/**
 * `fresh` is a section of nothing but the rows `names`. Null where the section that is there is of another day or
 * machine, so that its rows could not stand beside these.
 */
export function withRowsAgain(
  old: string,
  fresh: string,
  names: readonly string[],
  textColumns: Cells,
): string | null {
  const blocks = old.trim().split('\n\n');
  const [heading = '', provenance = '', ...rest] = blocks;
  const [, freshProvenance = '', ...freshRest] = fresh.trim().split('\n\n');
  if (circumstances(provenance) !== circumstances(freshProvenance)) return null;
  const freshTables = freshRest.flatMap((block) => readTable(block) ?? []);
  const kept = rest.map((block) => {
    const table = readTable(block);
    if (!table) return block;
    const again = freshTables.find(({ titles }) => titles.join() === table.titles.join());
    const rows = table.rows.flatMap((row) => {
      const [name = ''] = row;
      if (!names.includes(plain(name))) return [row];
      return again?.rows.filter(([first]) => first === name) ?? [];
    });
    const known = new Set(rows.map(([name]) => name));
    const added = again?.rows.filter(([name]) => !known.has(name)) ?? [];
    return markdownTable(table.titles, [...rows, ...added], textOf(table.titles, textColumns));
  });
  const command = /by `([^`]+)`/.exec(freshProvenance)?.[1] ?? '';
  const again = `${names.map((name) => `\`${name}\``).join(', ')} again by \`${command}\`.`;
  return [heading, `${provenance} ${again}`, ...kept].join('\n\n');
}

/** Day and machine, without the command. */
const circumstances = (provenance: string): string | undefined =>
  /^Measured on (.*?) by `[^`]+`(: .*?\.)( `|$)/.exec(provenance)?.slice(1, 3).join('');

const plain = (cell: string): string => cell.replaceAll('`', '');

/** Places, as those of a ranking, are columns of text. */
const textOf = (titles: Cells, textColumns: Cells): Cells =>
  titles.filter((title) => textColumns.includes(title) || /^\d+$/.test(title));

function readTable(
  block: string,
): { readonly titles: Cells; readonly rows: readonly Cells[] } | null {
  if (!block.startsWith('| ')) return null;
  const [titles = [], , ...rows] = block.split('\n').map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  return { titles, rows };
}
