/** Wherever tokens begin and end, the same text is let out, and no part of a stop string before it is known to be none. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TextBeforeStops } from './text-before-stops.ts';

function pushed(pieces: readonly string[], stops: readonly string[]) {
  const text = new TextBeforeStops(stops);
  const shown = pieces.map((piece) => text.push(piece));
  return { shown, rest: text.finish(), isStopped: text.isStopped };
}

test('what may begin a stop string is held until it is one, or is none', () => {
  expect(pushed(['red', ' cir', 'cus, ', 'circ', 'le!'], ['circle'])).toEqual({
    shown: ['red', ' ', 'circus, ', '', ''],
    rest: '',
    isStopped: true,
  });
  expect(pushed(['a ##', '# b', ' #'], ['####'])).toEqual({
    shown: ['a ', '### b', ' '],
    rest: '#',
    isStopped: false,
  });
});

test('nothing comes behind a stop string, whatever more is written', () => {
  expect(pushed(['a|b', 'c|', 'd'], ['|'])).toEqual({
    shown: ['a', '', ''],
    rest: '',
    isStopped: true,
  });
});

/** Letter by letter: the first that ends, and of these the longest. */
function cutSlowly(text: string, stops: readonly string[]): string {
  for (let end = 1; end <= text.length; end++) {
    const lengths = stops.flatMap((stop) =>
      text.slice(0, end).endsWith(stop) ? [stop.length] : [],
    );
    if (lengths.length > 0) return text.slice(0, end - Math.max(...lengths));
  }
  return text;
}

describe('several stop strings', () => {
  const anyText = (maxLength: number) =>
    fc
      .array(fc.constantFrom('a', 'b', '\n'), { minLength: 1, maxLength })
      .map((letters) => letters.join(''));

  test('end the text where the first of them is complete', () => {
    fc.assert(
      fc.property(
        fc.array(anyText(4), { maxLength: 12 }),
        fc.array(anyText(5), { minLength: 1, maxLength: 3 }),
        (pieces, stops) => {
          const { shown, rest } = pushed(pieces, stops);
          const cut = cutSlowly(pieces.join(''), stops);
          expect(shown.join('') + rest).toBe(cut);
          // At no moment more is shown than the end will have.
          let soFar = '';
          for (const piece of shown) expect(cut.startsWith((soFar += piece))).toBe(true);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
