/** Which regions of text matter to a question: those that share words with it, or else those with the most text. */
import type { ReadTextStep } from '#engine/node/host-step.ts';
import { aroundAll, type TextBox, type TextLine } from './text-line.ts';

export interface TextRegion {
  readonly text: string;
  readonly box: TextBox;
  /** Is it cut out of the picture? */
  readonly isCut: boolean;
}

type Choosing = Pick<ReadTextStep, 'regions' | 'mostSaid' | 'mostCrops'>;

interface Ranked {
  readonly place: number;
  readonly shared: number;
  readonly characters: number;
}

/** Words this long are taken for one where the other only goes on: open, opens. */
const leastStem = 4;

/** Words as short as this join others, and stand in every question: is, at, of. */
const joins = /^[a-z]{1,2}$/;

/** What is said of a picture, in the order in which it is read. */
export function chooseRegions(
  lines: readonly TextLine[],
  question: string,
  { regions, mostSaid, mostCrops }: Choosing,
): readonly TextRegion[] {
  const found = regions === 'line' ? lines : blocksOf(lines);
  const ranked = rank(
    found,
    wordsOf(question).filter((word) => !joins.test(word)),
  );
  const matching = ranked.filter(({ shared }) => shared > 0);
  const worthCutting = matching.length > 0 ? matching : ranked;
  const placesOf = (kept: readonly Ranked[]) => new Set(kept.map(({ place }) => place));
  const cut = placesOf(worthCutting.slice(0, mostCrops));
  const said = placesOf(ranked.slice(0, mostSaid));
  return found.flatMap(({ text, box }, place) => {
    const isCut = cut.has(place);
    return isCut || said.has(place) ? [{ text, box, isCut }] : [];
  });
}

function blocksOf(lines: readonly TextLine[]): readonly TextLine[] {
  const blocks = new Map<number, TextLine>();
  for (const line of lines) {
    const { block, text, box } = line;
    const before = blocks.get(block);
    const joined = before && {
      block,
      text: `${before.text} ${text}`,
      box: aroundAll([before.box, box]),
    };
    blocks.set(block, joined ?? line);
  }
  return [...blocks.values()];
}

/** What matters most first; of what matters alike, what is read first. */
function rank(found: readonly TextLine[], asked: readonly string[]): readonly Ranked[] {
  const words = found.map(({ text }) => wordsOf(text));
  const holds = (place: number, word: string): boolean =>
    words[place]?.some((other) => isAlike(word, other)) === true;
  // A long word that few regions have tells more than a short one that stands everywhere.
  const weights = asked.map((word) => {
    const holders = found.filter((_, place) => holds(place, word)).length;
    return { word, weight: word.length / Math.max(1, holders) };
  });
  return found
    .map(({ text }, place) => ({
      place,
      shared: weights.reduce((sum, { word, weight }) => sum + (holds(place, word) ? weight : 0), 0),
      characters: text.length,
    }))
    .toSorted((a, b) => b.shared - a.shared || b.characters - a.characters || a.place - b.place);
}

/** Each once, without marks, accents and capitals. */
function wordsOf(text: string): readonly string[] {
  const plain = text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();
  return [...new Set(plain.match(/[\p{L}\p{N}]+/gu))];
}

function isAlike(one: string, other: string): boolean {
  const [short, long] = one.length <= other.length ? [one, other] : [other, one];
  return short === long || (short.length >= leastStem && long.startsWith(short));
}
