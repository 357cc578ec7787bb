/** Finds commands by what a person types: letters in order, the nearer to the beginnings of words the better. Pure. */

export interface Searchable {
  readonly id: string;
  readonly title: string;
  /** Found by too, but less well than by the title. */
  readonly group: string;
}

export interface Found<Item extends Searchable> {
  readonly item: Item;
  /** Places in the title of the letters that matched. */
  readonly marks: readonly number[];
}

/** With nothing typed: those used last, the last first, then the rest as they are. */
export function searchCommands<Item extends Searchable>(
  items: readonly Item[],
  typed: string,
  recent: readonly string[],
): readonly Found<Item>[] {
  const age = (item: Item): number => {
    const place = recent.indexOf(item.id);
    return place < 0 ? Number.POSITIVE_INFINITY : place;
  };
  const wanted = typed.trim().toLowerCase();
  const younger = (a: Item, b: Item): number => (age(a) === age(b) ? 0 : age(a) - age(b));
  if (wanted === '') return items.toSorted(younger).map((item) => ({ item, marks: [] }));
  return items
    .flatMap((item) => {
      const match = matchCommand(item, wanted);
      return match === null ? [] : [{ item, ...match }];
    })
    .toSorted((a, b) => b.score - a.score || younger(a.item, b.item))
    .map(({ item, marks }) => ({ item, marks }));
}

interface Match {
  readonly score: number;
  readonly marks: readonly number[];
}

function matchCommand({ title, group }: Searchable, wanted: string): Match | null {
  const inTitle = matchText(title.toLowerCase(), wanted);
  if (inTitle) return inTitle;
  // "file save" finds Save of the group File.
  const prefix = `${group.toLowerCase()} `;
  const inBoth = matchRun(prefix + title.toLowerCase(), wanted);
  if (!inBoth) return null;
  const marks = inBoth.marks.map((at) => at - prefix.length).filter((at) => at >= 0);
  return { score: inBoth.score - 20, marks };
}

/** A whole run of letters beats scattered ones; among those, beginnings of words count. */
function matchText(text: string, wanted: string): Match | null {
  return matchRun(text, wanted) ?? scattered(text, wanted.replaceAll(' ', ''));
}

function matchRun(text: string, wanted: string): Match | null {
  const atWord = wholeAtWord(text, wanted);
  if (atWord >= 0) return { score: 200 - atWord, marks: run(atWord, wanted.length) };
  const anywhere = text.indexOf(wanted);
  return anywhere < 0 ? null : { score: 100 - anywhere, marks: run(anywhere, wanted.length) };
}

function wholeAtWord(text: string, wanted: string): number {
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1))
    if (isWordStart(text, at)) return at;
  return -1;
}

/** Every letter at the beginning of a word or right behind the letter before it; nothing looser. */
function scattered(text: string, letters: string): Match | null {
  // Without these, text that repeats itself would be walked in every way there is.
  const dead = new Set<number>();
  const walk = (letter: number, from: number): readonly number[] | null => {
    if (letter === letters.length) return [];
    const state = letter * (text.length + 1) + from;
    if (dead.has(state)) return null;
    for (let at = from; at < text.length; at++) {
      const follows = letter > 0 && at === from;
      if (text[at] !== letters[letter] || !(follows || isWordStart(text, at))) continue;
      const rest = walk(letter + 1, at + 1);
      if (rest) return [at, ...rest];
    }
    dead.add(state);
    return null;
  };
  const marks = walk(0, 0);
  return marks && { score: 50 - (marks[0] ?? 0), marks };
}

const isWordStart = (text: string, at: number): boolean =>
  at === 0 || !/[\p{L}\p{N}]/u.test(text[at - 1] as string);

function run(from: number, length: number): readonly number[] {
  return Array.from({ length }, (_, offset) => from + offset);
}
