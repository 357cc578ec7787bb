/** A tokenizer of somebody else's may never end, or fill memory: it is refused in a sentence, on loading or on use. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { encoded } from './encoded.testing.ts';
import { openTokenizer } from './open-tokenizer.ts';
import type { Tokenizer } from './tokenizer.ts';

const recorded = join(import.meta.dirname, '..', '..', 'verify', 'recorded', 'tokenizer');
const root = await mkdtemp(join(tmpdir(), 'patchbay-tokenizer-limits-'));
afterAll(() => rm(root, { recursive: true }));

type File = Record<string, unknown>;

/** A recorded tokenizer with other parts, in a folder of its own. */
async function tokenizerWith(
  parts: File,
  from: 'bytelevel-bpe-gpt2' | 'unigram' | 'wordpiece' = 'bytelevel-bpe-gpt2',
): Promise<string> {
  const folder = await mkdtemp(join(root, 'tokenizer-'));
  const file = JSON.parse(await readFile(join(recorded, from, 'tokenizer.json'), 'utf8')) as File;
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify({ ...file, ...parts }));
  return folder;
}

async function opened(folder: string): Promise<Tokenizer> {
  const tokenizer = await openTokenizer(folder);
  if (!tokenizer.ok) throw new Error(tokenizer.problems[0]?.message);
  return tokenizer.value;
}

async function refusalOf(folder: string): Promise<string> {
  const tokenizer = await openTokenizer(folder);
  if (tokenizer.ok) return 'opened';
  expect(tokenizer.problems[0]?.code).toBe('tokenizer-unreadable');
  return tokenizer.problems[0]?.message.replaceAll(folder, 'FOLDER') ?? '';
}

/** Why a text cannot be encoded. */
async function encodingRefusal(folder: string, text: string): Promise<string> {
  const ids = (await opened(folder)).encode(text, { addSpecialTokens: false });
  if (ids.ok) return `${ids.value.length} tokens`;
  expect(ids.problems[0]?.code).toBe('tokenizer-unreadable');
  return ids.problems[0]?.message.replaceAll(folder, 'FOLDER') ?? '';
}

const split = (pattern: string): File => ({
  pre_tokenizer: {
    type: 'Split',
    pattern: { Regex: pattern },
    behavior: 'Isolated',
    invert: false,
  },
});
const replace = (pattern: File, content: string): File => ({ type: 'Replace', pattern, content });
const inSequence = (type: string, step: File, count: number): File => ({
  type: 'Sequence',
  [type]: Array.from({ length: count }, () => step),
});
const doubling = replace({ String: 'a' }, 'aa');

describe('a pattern that never ends', () => {
  it.each(['(a+)+$', '(a|a)*b'])('%s is stopped where a text is encoded', async (pattern) => {
    const text = `${'a'.repeat(50)}c`;
    expect(await encodingRefusal(await tokenizerWith(split(pattern)), text)).toBe(
      'FOLDER/tokenizer.json cannot be used: it takes over 2006 ms. Choose another checkpoint.',
    );
  });

  it('is stopped where the tokenizer is loaded', async () => {
    const token = { id: 600, content: `${'a'.repeat(50)}c`, special: false, normalized: true };
    const folder = await tokenizerWith({
      normalizer: replace({ Regex: '(a+)+$' }, 'b'),
      added_tokens: [token],
    });
    expect(await refusalOf(folder)).toMatch(
      /^FOLDER\/tokenizer\.json cannot be used: it takes over \d+ ms\. Choose another checkpoint\.$/,
    );
  });
});

/** A slow machine comes to the limit of time before that of size. */
const tooMuch = (of: 'characters' | 'tokens'): RegExp =>
  new RegExp(`cannot be used: it (makes more than \\d+ ${of} of a text|takes over \\d+ ms)`);

describe('a text that grows from step to step', () => {
  it('is refused on loading', async () => {
    const normalizer = inSequence('normalizers', doubling, 40);
    expect(await refusalOf(await tokenizerWith({ normalizer }))).toMatch(tooMuch('characters'));
  });

  it('is refused where it grows by a text that was given', async () => {
    const normalizer = inSequence('normalizers', replace({ String: 'b' }, 'bb'), 40);
    const folder = await tokenizerWith({ normalizer });
    expect(await encodingRefusal(folder, 'b')).toMatch(tooMuch('characters'));
  });

  it('is refused where it grows as it is cut, wrapped or decoded', async () => {
    const bytes = { type: 'ByteLevel', add_prefix_space: false, use_regex: false };
    const cut = await tokenizerWith({ pre_tokenizer: inSequence('pretokenizers', bytes, 40) });
    expect(await encodingRefusal(cut, 'ü')).toMatch(tooMuch('characters'));
    const twice = [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }];
    const template = { type: 'TemplateProcessing', single: twice, pair: [], special_tokens: {} };
    const wrapped = { post_processor: inSequence('processors', template, 40) };
    expect(await refusalOf(await tokenizerWith(wrapped))).toMatch(tooMuch('tokens'));
    const decoder = inSequence('decoders', replace({ String: 'a' }, 'aa'), 7);
    expect(await refusalOf(await tokenizerWith({ decoder }))).toContain(
      'it puts more than 64 characters in the place of one',
    );
  });

  it('is refused where there are more steps than any needs', async () => {
    const normalizer = inSequence('normalizers', { type: 'NFC' }, 65);
    expect(await refusalOf(await tokenizerWith({ normalizer }))).toMatch(
      /\(it has \d+ steps, more than 64\)/,
    );
  });

  it('is refused where one step puts in a long text for a short one', async () => {
    const long = 'x'.repeat(65);
    const metaspace = { type: 'Metaspace', replacement: long, prepend_scheme: 'always' };
    for (const parts of [
      { normalizer: replace({ String: 'a' }, long) },
      { normalizer: replace({ Regex: '' }, long) },
      { normalizer: { type: 'Prepend', prepend: long } },
      { pre_tokenizer: metaspace },
    ])
      expect(await refusalOf(await tokenizerWith(parts))).toContain('in the place of one');
  });
});

it('a pattern that is none is refused, as the library would drop the text that it is to cut', async () => {
  const parts = { pre_tokenizer: { type: 'Split', pattern: { Glob: '*' }, behavior: 'Isolated' } };
  expect(await refusalOf(await tokenizerWith(parts))).toContain('looks for a pattern that is none');
});

it('what a normalizer puts in is put in as it is written', async () => {
  const normalizer = replace({ String: 'b' }, '$&$&');
  const plain = await opened(join(recorded, 'bytelevel-bpe-gpt2'));
  const replacing = await opened(await tokenizerWith({ normalizer }));
  const options = { addSpecialTokens: false };
  expect(replacing.encode('abc', options)).toEqual(plain.encode('a$&$&c', options));
});

describe('a file that is none, or holds more than a tokenizer', () => {
  it.skipIf(process.platform === 'win32')('a pipe is not waited for', async () => {
    for (const name of ['tokenizer.json', 'tokenizer_config.json']) {
      const folder =
        name === 'tokenizer.json' ? await mkdtemp(join(root, 'pipe-')) : await tokenizerWith({});
      execFileSync('mkfifo', [join(folder, name)]);
      expect(await refusalOf(folder)).toBe(
        `FOLDER/${name} is no regular file: choose another checkpoint.`,
      );
    }
  });

  it('120 MB of brackets are counted, not parsed', async () => {
    const folder = await mkdtemp(join(root, 'deep-'));
    await writeFile(join(folder, 'tokenizer.json'), Buffer.alloc(120_000_000, '['));
    expect(await refusalOf(folder)).toBe(
      'FOLDER/tokenizer.json nests values more than 32 deep: copy the file again.',
    );
    await writeFile(join(folder, 'tokenizer.json'), Buffer.alloc(60_000_000, '[],'));
    expect(await refusalOf(folder)).toContain('holds more than 8388608 values');
  });

  it('one token of many megabytes is refused before it is laid out letter by letter', async () => {
    const letters = 'x'.repeat(9_000_000);
    const pieces = [
      ['<unk>', 0],
      ['a', -1],
      [letters, -2],
    ];
    const unigram = { model: { type: 'Unigram', unk_id: 0, vocab: pieces } };
    const added = { added_tokens: [{ id: 600, content: letters, special: true }] };
    for (const parts of [unigram, added])
      expect(await refusalOf(await tokenizerWith(parts))).toContain(
        'characters, more than 8000000',
      );
  });
});

it('a published kind of tokenizer keeps to the limits with a prompt as long as any', async () => {
  const text = 'The quick brown fox jumps over the lazy dog, 3 times a day. '.repeat(833);
  for (const name of ['bytelevel-bpe-gpt2', 'unigram', 'wordpiece']) {
    const tokenizer = await opened(join(recorded, name));
    expect(encoded(tokenizer.encode(text, { addSpecialTokens: true })).length).toBeGreaterThan(833);
  }
});
