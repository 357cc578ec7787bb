/** Reads a page that was written strictly, as saved reports are: every tag closed, every value in quotes. For tests. */

interface Tag {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

interface PageText {
  readonly text: string;
  /** Names of the elements around it, outermost first. */
  readonly within: readonly string[];
}

const empty: ReadonlySet<string> = new Set(['meta']);
const token =
  /<!doctype html>|<(\/?)([a-z][a-z0-9]*)((?:\s+[a-zA-Z:-][a-zA-Z0-9:-]*="[^"<>]*")*)\s*(\/?)>|[^<]+/y;

interface Read {
  readonly tags: readonly Tag[];
  readonly texts: readonly PageText[];
}

/** Throws where a tag is not closed, closes another, or is no tag. */
function read(page: string): Read {
  const tags: Tag[] = [];
  const texts: PageText[] = [];
  const open: string[] = [];
  token.lastIndex = 0;
  while (token.lastIndex < page.length) {
    const at = token.lastIndex;
    const found = token.exec(page);
    if (!found) throw new Error(`no tag and no text: ${page.slice(at, at + 60)}`);
    const [whole, slash, name, attributes = '', selfClosed] = found;
    if (name === undefined) {
      if (!whole.startsWith('<!')) texts.push({ text: unescaped(whole), within: [...open] });
    } else if (slash === '/') {
      const last = open.pop();
      if (last !== name) throw new Error(`</${name}> closes <${last}>`);
    } else {
      tags.push({ name, attributes: attributesOf(attributes) });
      if (selfClosed !== '/' && !empty.has(name)) open.push(name);
    }
  }
  if (open.length > 0) throw new Error(`left open: ${open.join(' ')}`);
  return { tags, texts };
}

/** Every element of a page, in order. */
export const openTags = (page: string): readonly Tag[] => read(page).tags;

/** What stands between tags, as a person reads it; styles are not read. */
export const wordsOf = (page: string): readonly string[] =>
  read(page).texts.flatMap(({ text, within }) =>
    within.includes('style') || text.trim() === '' ? [] : [inOneLine(text)],
  );

/** The rows of the table with this caption: the words of each cell. */
export function rowsOf(page: string, caption: string): readonly (readonly string[])[] {
  const tables = page.split('<table').slice(1);
  const table = tables.find(
    (each) => wordsOf(`<table${each.split('</table>')[0]}</table>`)[0] === caption,
  );
  const body = (table ?? '').split('<tbody>')[1]?.split('</table>')[0] ?? '';
  return body
    .split('</tr>')
    .slice(0, -1)
    .map((row) =>
      row
        .split(/<\/t[hd]>/)
        .slice(0, -1)
        .map((cell) => cellWords(cell)),
    );
}

const cellWords = (cell: string): string => inOneLine(unescaped(cell.replaceAll(/<[^>]*>/g, ' ')));

/** Thin spaces are spaces. */
const inOneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();

function attributesOf(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...text.matchAll(/([a-zA-Z:-][a-zA-Z0-9:-]*)="([^"]*)"/g)].map(([, name = '', value = '']) => [
      name,
      unescaped(value),
    ]),
  );
}

const signs: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  '#39': "'",
};

function unescaped(text: string): string {
  return text.replaceAll(/&([a-z#0-9]*);?/g, (whole, name: string) => {
    const sign = signs[name];
    if (sign === undefined) throw new Error(`no such sign: ${whole}`);
    return sign;
  });
}
