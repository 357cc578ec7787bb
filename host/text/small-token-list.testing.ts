/** A short list of tokens as RWKV's World models have it: all bytes, and some of the published tokens with their ids. */

/** Ids, what Python writes for them, and their bytes. */
const published = [
  [33520, "'Today'", 5],
  [4600, "' is'", 3],
  [332, "' a'", 2],
  [59219, "' beautiful'", 10],
  [21509, "' day'", 4],
  [10381, "'今'", 3],
  [11639, "'天'", 3],
  [13091, "'是'", 3],
  [15597, "'美'", 3],
  [11685, "'好'", 3],
  [10250, "'一'", 3],
  [14734, "'的'", 3],
  [10080, "'。'", 3],
  [257, String.raw`'\t\t'`, 2],
  [263, String.raw`'\r\n'`, 2],
  [379, String.raw`'"\''`, 2],
  [436, `"'#"`, 2],
  [483, String.raw`'(\\'`, 2],
] as const;

export function smallTokenList(): string {
  const bytes = Array.from({ length: 256 }, (_, byte) => `${byte + 1} ${literalOf(byte)} 1`);
  const tokens = published.map(([id, literal, length]) => `${id} ${literal} ${length}`);
  return [...bytes, ...tokens, ''].join('\n');
}

/** Every byte as text, or beyond ASCII as a byte. */
function literalOf(byte: number): string {
  const hexadecimal = String.raw`\x${byte.toString(16).padStart(2, '0')}`;
  return byte < 128 ? `'${hexadecimal}'` : `b'${hexadecimal}'`;
}
