/** What somebody may have meant who asked for something that is not there. */
import { distance } from 'fastest-levenshtein';

/** As many as one looks through in a sentence. */
const offered = 3;

/** The names that hold what was typed, or are few letters away from it; the nearest first, none where none is near. */
export function nearestNames(typed: string, names: readonly string[]): readonly string[] {
  const wanted = typed.toLowerCase();
  const far = Math.max(2, Math.ceil(wanted.length / 3));
  return names
    .map((name) => ({ name, holds: name.includes(wanted), away: distance(wanted, name) }))
    .filter(({ holds, away }) => (holds && wanted.length > 1) || away <= far)
    .toSorted((a, b) => Number(b.holds) - Number(a.holds) || a.away - b.away)
    .slice(0, offered)
    .map(({ name }) => name);
}

/** The end of a sentence that says what is not there: what else may have been meant. */
export function orNearest(typed: string, all: readonly string[]): string {
  const names = nearestNames(typed, all);
  if (names.length === 0) return '';
  const quoted = names.map((name) => `"${name}"`).join(', ');
  return `, but there ${names.length === 1 ? 'is' : 'are'} ${quoted}`;
}
