import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encoded } from './encoded.testing.ts';
import { AnswerStream } from './answer-stream.ts';
import { standInTokenizer } from './stand-in-tokenizer.ts';
import { openTokenizer } from './open-tokenizer.ts';
import type { Tokenizer } from './tokenizer.ts';

const recorded = join(import.meta.dirname, '..', '..', 'verify', 'recorded', 'tokenizer');
const shapes = join(import.meta.dirname, '../../presets/checkpoints/shapes-llava');

async function open(folder: string): Promise<Tokenizer> {
  const opened = await openTokenizer(folder);
  if (!opened.ok) throw new Error(opened.problems[0]?.message);
  return opened.value;
}

/** What each token shows, and at last what finishing shows. */
function stream(tokenizer: Tokenizer, ids: readonly number[]): readonly string[] {
  const answer = new AnswerStream(tokenizer);
  const shown = [...ids.map((id) => answer.push(id)), answer.finish()];
  expect(answer.text).toBe(shown.join(''));
  return shown;
}

function idsOf(tokenizer: Tokenizer, tokens: readonly string[]): readonly number[] {
  return tokens.map((token) => tokenizer.idOf(token) ?? -1);
}

describe('an answer stream', () => {
  it('shows a character as soon as its last byte is there', async () => {
    const tokenizer = await open(join(recorded, 'bytelevel-bpe-gpt2'));
    const ids = encoded(tokenizer.encode('a 🙂!', { addSpecialTokens: false }));
    const shown = stream(tokenizer, ids);
    expect(shown.join('')).toBe('a 🙂!');
    expect(shown.filter((text) => text !== '')).toEqual(['a', ' ', '🙂', '!']);
    expect(stream(tokenizer, ids.slice(0, -2)).at(-1)).toBe('\uFFFD');
  });

  it('shows byte tokens when their run is over, since one broken byte breaks the run', async () => {
    const tokenizer = await open(join(recorded, 'sentencepiece-bpe-llama'));
    const show = (...tokens: readonly string[]): readonly string[] =>
      stream(tokenizer, idsOf(tokenizer, tokens));
    expect(show('<0xC3>', '<0x9F>', 'e')).toEqual(['', '', 'ße', '']);
    expect(show('<0xC3>', '<0x9F>')).toEqual(['', '', 'ß']);
    expect(show('<0xC3>', '<0x9F>', '<0xFF>', 'e')).toEqual([
      '',
      '',
      '',
      '\uFFFD\uFFFD\uFFFDe',
      '',
    ]);
    // Only the first word loses its space, and special tokens show nothing.
    expect(show('<s>', '▁the', '▁the', '</s>')).toEqual(['', 'the', ' the', '', '']);
  });

  const folders = [
    'bytelevel-bpe-gpt2',
    'bytelevel-bpe-llama3',
    'bytelevel-bpe-qwen2',
    'sentencepiece-bpe-gemma',
    'sentencepiece-bpe-llama',
    'sentencepiece-bpe-llama-metaspace',
    'unigram',
    'wordpiece',
  ].map((name) => [name, join(recorded, name)] as const);

  it.each([...folders, ['shapes-llava', shapes] as const])(
    'adds up to the whole decoded text with %s',
    async (_, folder) => {
      const tokenizer = await open(folder);
      expectToAddUp(tokenizer, 1100);
    },
  );

  it('adds up with the stand-in tokenizer', () => {
    expectToAddUp(standInTokenizer(1000), 1000);
  });

  it.each(['bytelevel-bpe-gpt2', 'bytelevel-bpe-llama3', 'bytelevel-bpe-qwen2'])(
    'adds up to what a decoder of whole byte sequences reads with %s',
    async (name) => {
      const tokenizer = await open(join(recorded, name));
      const bytes = await byteTokens(tokenizer);
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 24 }), (values) => {
          const ids = values.map((value) => bytes[value] ?? -1);
          const whole = new TextDecoder('utf-8', { ignoreBOM: true }).decode(
            Uint8Array.from(values),
          );
          expect(stream(tokenizer, ids).join('')).toBe(whole);
        }),
        { numRuns: 500 },
      );
    },
  );
});

function expectToAddUp(tokenizer: Tokenizer, idLimit: number): void {
  fc.assert(
    fc.property(fc.array(fc.nat(idLimit), { maxLength: 40 }), (ids) => {
      expect(stream(tokenizer, ids).join('')).toBe(
        tokenizer.decode(ids, { skipSpecialTokens: true }),
      );
    }),
    { numRuns: 300 },
  );
}

/** The token of each single byte: the only one-character tokens of GPT-2's byte alphabet, in the order of its characters. */
async function byteTokens(tokenizer: Tokenizer): Promise<readonly number[]> {
  const ids: number[] = [];
  let next = 0x100;
  for (let byte = 0; byte < 256; byte += 1) {
    const prints = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad);
    ids.push(tokenizer.idOf(String.fromCharCode(prints ? byte : next)) ?? -1);
    if (!prints) next += 1;
  }
  return ids;
}
