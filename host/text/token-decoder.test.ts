import { describe, expect, it } from 'vitest';
import { readTokenDecoder } from './token-decoder.ts';

/** What each token shows, and at last what finishing shows. */
function shown(config: unknown, tokens: readonly string[]): readonly string[] {
  const start = readTokenDecoder(config);
  if (!start.ok) throw new Error(start.problems[0]?.message);
  const decoding = start.value();
  return [...tokens.map((token) => decoding.push(token)), decoding.finish()];
}

const sequence = (...decoders: readonly unknown[]): unknown => ({ type: 'Sequence', decoders });
const strip = (start: number, stop: number): unknown => ({
  type: 'Strip',
  content: 'x',
  start,
  stop,
});
const spaces = { type: 'Replace', pattern: { String: '▁' }, content: ' ' };

describe('a token decoder', () => {
  // The texts are what the Rust crate `tokenizers` 0.23.2 makes of the same tokens.
  it.each<readonly [string, unknown, readonly string[], string]>([
    ['suffixes', { type: 'BPEDecoder' }, ['hel', 'lo</w>', 'yo', 'u</w>'], 'hello you'],
    [
      'word pieces, tidied',
      { type: 'WordPiece', prefix: '##', cleanup: true },
      ['I', 'do', 'n', "'", 't', ',', 'they', "'re", 'here', '.', '##x', 'do not'],
      "I do n ' t, they're here.x don't",
    ],
    ['marked words', { type: 'Metaspace', replacement: '▁' }, ['▁▁a▁b', '▁c', '▁'], 'ab c '],
    [
      'marked words without a prefix',
      { type: 'Metaspace', replacement: '▁', prepend_scheme: 'never' },
      ['▁a', '▁b'],
      ' a b',
    ],
    ['pieces, stripped', sequence(strip(1, 1), { type: 'Fuse' }), ['xxaxx', 'ab', 'bx'], 'xaxabb'],
    ['a text, stripped', sequence({ type: 'Fuse' }, strip(2, 0)), ['x', 'xxa', 'xb'], 'xaxb'],
    ['bytes and text', { type: 'ByteLevel' }, ['Ġa', '图', 'Ã', '©'], ' a图é'],
    [
      'byte tokens',
      sequence(spaces, { type: 'ByteFallback' }, { type: 'Fuse' }),
      ['▁a▁', '<0xE2>', '<0x96>', '<0x81>', '<0xFF', '<0xgg>'],
      ' a ▁<0xFF<0xgg>',
    ],
    ['tokens without a decoder', null, ['a', 'b'], 'a b'],
  ])('reads %s', (_, config, tokens, text) => {
    expect(shown(config, tokens).join('')).toBe(text);
  });

  it('holds back only what may still change', () => {
    expect(shown({ type: 'ByteLevel' }, ['aÃ', '©Ã'])).toEqual(['a', 'é', '\uFFFD']);
    expect(shown({ type: 'BPEDecoder' }, ['a</w>', 'b</w>'])).toEqual(['', 'a ', 'b']);
  });

  it('refuses steps that it does not know, or that need the whole text', () => {
    for (const config of [
      { type: 'CTC' },
      sequence({ type: 'Fuse' }, spaces),
      { type: 'Replace', pattern: { Regex: '▁+' }, content: ' ' },
      'ByteLevel',
    ]) {
      const refused = readTokenDecoder(config);
      expect(refused.ok ? [] : refused.problems.map(({ code }) => code)).toEqual([
        'tokenizer-unreadable',
      ]);
    }
  });
});
