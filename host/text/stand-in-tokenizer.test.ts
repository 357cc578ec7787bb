import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encoded } from './encoded.testing.ts';
import { standInTokenizer } from './stand-in-tokenizer.ts';

const plain = { addSpecialTokens: false };
const gpt2Size = 50_257;

describe('the stand-in tokenizer', () => {
  it('makes about as many tokens as GPT-2 does', () => {
    const tokenizer = standInTokenizer(gpt2Size);
    // Counted with GPT-2's published vocabulary.
    const texts: readonly (readonly [string, number])[] = [
      ['What is in the picture?', 6],
      [
        'Describe the image in detail. What colours do you see, and how many objects are there?',
        20,
      ],
      [
        'The pipeline composer shows where every millisecond and megabyte goes. Parts are wired on a canvas, run on your own machine, and measured. A figure is measured or it is marked as an estimate, with its error.',
        45,
      ],
      ['def area(width, height):\n    return width * height\n', 16],
    ];
    for (const [text, count] of texts) {
      const { length } = encoded(tokenizer.encode(text, plain));
      expect([text, length / count > 0.8 && length / count < 1.25]).toEqual([text, true]);
    }
  });

  it('encodes any text to ids of its vocabulary, and the same text to the same ids', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(0xffff), { maxLength: 60 }),
        fc.integer({ min: 16, max: 300_000 }),
        (units, vocabularySize) => {
          const text = String.fromCharCode(...units);
          const ids = encoded(standInTokenizer(vocabularySize).encode(text, plain));
          expect(ids.every((id) => id >= 3 && id < vocabularySize)).toBe(true);
          expect(ids.length > 0).toBe(text.length > 0);
          expect(
            encoded(standInTokenizer(vocabularySize).encode(text, { addSpecialTokens: true })),
          ).toEqual([1, ...ids]);
        },
      ),
    );
  });

  it('writes every id as a word of its own', () => {
    for (const vocabularySize of [16, 10_000, 151_936]) {
      const tokenizer = standInTokenizer(vocabularySize);
      const words = Array.from({ length: vocabularySize }, (_, id) =>
        tokenizer.decode([id], { skipSpecialTokens: false }),
      );
      expect(words.every((word) => /^ ([a-z][aeiou]){2,3}$/.test(word))).toBe(true);
      expect(new Set(words).size).toBe(vocabularySize);
    }
  });

  it('reads like nonsense, and never ends by itself', () => {
    const tokenizer = standInTokenizer(32_000);
    expect(
      tokenizer.decode([1, 5, 4096, 31_999], { skipSpecialTokens: true }),
    ).toMatchInlineSnapshot(`" qemibu kabunu zinina"`);
    expect(tokenizer.endOfTextIds).toEqual([]);
  });
});
