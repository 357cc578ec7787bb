/** Which part of a long name stays where its middle is cut. Pure. */

/** The end of a name tells files and versions apart; more of it would leave the beginning no room. */
const mostKept = 12;
const usuallyKept = 8;

/** The place at which the kept end begins: before whole words where the last ones are short, else anywhere. */
export function nameEnd(name: string): number {
  const first = name.slice(-mostKept).search(/[^\p{L}\p{N}](?=.{3})/u);
  return Math.max(0, name.length - (first < 0 ? usuallyKept : mostKept - first));
}
