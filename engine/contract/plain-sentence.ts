/** Makes a sentence safe to show, whatever a foreign file has put into it. */

/** About ten lines; a longer one is not read. */
const longestCharacters = 1_500;
/** Of one that is longer: what happened stands at the start, what to do at the end. */
const keptCharacters = { start: 1_000, end: 400 } as const;

/** Characters that steer a terminal, and those that turn the direction of writing. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const steering = /[\0-\x08\x0B-\x1F\x7F-\x9F\u202A-\u202E\u2066-\u2069]/g;

export function plainSentence(text: string): string {
  const shown = shortened(text).replaceAll(
    steering,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return shown.length > longestCharacters ? shortened(shown) : shown;
}

function shortened(text: string): string {
  if (text.length <= longestCharacters) return text;
  const kept = `${text.slice(0, keptCharacters.start)} … ${text.slice(-keptCharacters.end)}`;
  // A sign cut in half.
  return kept.replaceAll(/\p{Surrogate}/gu, '');
}
