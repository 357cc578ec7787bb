import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { encoded } from './encoded.testing.ts';
import { openTokenizer } from './open-tokenizer.ts';
import { maxTokenizerBytes, type Tokenizer } from './tokenizer.ts';

const recorded = join(import.meta.dirname, '..', '..', 'verify', 'recorded', 'tokenizer');
const folder = await mkdtemp(join(tmpdir(), 'patchbay-tokenizer-'));
afterAll(() => rm(folder, { recursive: true }));

interface RecordedString {
  readonly text: string;
  readonly ids: readonly number[];
  readonly ids_with_special_tokens: readonly number[];
  readonly decoded: string;
  readonly decoded_skip_special_tokens: string;
}
interface RecordedRandom {
  readonly strings: readonly { readonly text: string; readonly ids: readonly number[] }[];
  readonly sequences: readonly {
    readonly ids: readonly number[];
    readonly decoded: string;
    readonly decoded_skip_special_tokens: string;
  }[];
}

async function readJson<Value>(...path: readonly string[]): Promise<Value> {
  return JSON.parse(await readFile(join(...path), 'utf8')) as Value;
}

async function open(path: string): Promise<Tokenizer> {
  const opened = await openTokenizer(path);
  if (!opened.ok) throw new Error(opened.problems[0]?.message);
  return opened.value;
}

async function refusalOf(path: string): Promise<string> {
  const opened = await openTokenizer(path);
  if (opened.ok) throw new Error('opened');
  expect(opened.problems[0]?.code).toBe('tokenizer-unreadable');
  return opened.problems[0]?.message.replaceAll(path, 'FOLDER') ?? '';
}

/** Changes a recorded tokenizer.json, and writes it into a folder of its own. */
async function variant(
  name: string,
  from: string,
  change: (file: Record<string, unknown>) => void,
  beside: Record<string, unknown> = {},
): Promise<string> {
  const path = await mkdtemp(join(folder, `${name}-`));
  const file = await readJson<Record<string, unknown>>(recorded, from, 'tokenizer.json');
  change(file);
  await writeFile(join(path, 'tokenizer.json'), JSON.stringify(file));
  for (const [fileName, value] of Object.entries(beside)) {
    await writeFile(join(path, fileName), JSON.stringify(value));
  }
  return path;
}

/** The file also names each id's token, which the library does not give. */
function withoutTokens(recordedString: RecordedString): RecordedString {
  const { text, ids, ids_with_special_tokens, decoded, decoded_skip_special_tokens } =
    recordedString;
  return { text, ids, ids_with_special_tokens, decoded, decoded_skip_special_tokens };
}

describe.each([
  'bytelevel-bpe-gpt2',
  'bytelevel-bpe-llama3',
  'bytelevel-bpe-qwen2',
  'sentencepiece-bpe-gemma',
  'sentencepiece-bpe-llama',
  'sentencepiece-bpe-llama-metaspace',
  'unigram',
  'wordpiece',
])('the tokenizer %s', (name) => {
  it('encodes and decodes every recorded string as the reference does', async () => {
    const tokenizer = await open(join(recorded, name));
    const strings = (await readJson<RecordedString[]>(recorded, name, 'strings.json')).map(
      withoutTokens,
    );
    const ours = strings.map(({ text, ids }) => ({
      text,
      ids: encoded(tokenizer.encode(text, { addSpecialTokens: false })),
      ids_with_special_tokens: encoded(tokenizer.encode(text, { addSpecialTokens: true })),
      decoded: tokenizer.decode(ids, { skipSpecialTokens: false }),
      decoded_skip_special_tokens: tokenizer.decode(ids, { skipSpecialTokens: true }),
    }));
    expect(strings).toHaveLength(65);
    expect(ours).toEqual(strings);
  });

  it('encodes random strings as the reference does', async () => {
    const tokenizer = await open(join(recorded, name));
    const { strings } = await readJson<RecordedRandom>(recorded, name, 'random.json');
    const ours = strings.map(({ text }) => ({
      text,
      ids: encoded(tokenizer.encode(text, { addSpecialTokens: false })),
    }));
    expect(strings.length).toBeGreaterThan(60);
    expect(ours).toEqual(strings);
  });

  it('decodes random ids as the reference does', async () => {
    const tokenizer = await open(join(recorded, name));
    const { sequences } = await readJson<RecordedRandom>(recorded, name, 'random.json');
    const ours = sequences.map(({ ids }) => ({
      ids,
      decoded: tokenizer.decode(ids, { skipSpecialTokens: false }),
      decoded_skip_special_tokens: tokenizer.decode(ids, { skipSpecialTokens: true }),
    }));
    expect(ours).toEqual(sequences);
  });
});

/** Each text with its ids here, and with those of the reference; they become equal once the library mends it. */
describe('limits of the tokenizer library', () => {
  const encode = async (name: string, text: string): Promise<readonly number[]> =>
    encoded((await open(join(recorded, name))).encode(text, { addSpecialTokens: false }));

  it('are newer Unicode tables: more accents to strip and more punctuation in BERT', async () => {
    const punctuation = { ours: await encode('wordpiece', 'a\u2E43'), reference: [1] };
    expect(punctuation).toEqual({ ours: [31, 1], reference: [1] });
    const accent = { ours: await encode('wordpiece', '\u0898e'), reference: [1] };
    expect(accent).toEqual({ ours: [35], reference: [1] });
  });

  it('are cuts of a Unigram word that are equally good but for rounding', async () => {
    const word = {
      ours: await encode('unigram', '/1,000,000+<|im'),
      reference: [3, 2, 50, 4, 40, 344, 4, 344, 40, 163, 2, 34, 23],
    };
    expect(word).toEqual({ ...word, ours: [3, 2, 50, 4, 40, 344, 4, 40, 344, 163, 2, 34, 23] });
  });
});

describe('special tokens', () => {
  it('come from the files of the folder', async () => {
    const llama = await open(join(recorded, 'sentencepiece-bpe-llama'));
    expect(llama).toMatchObject({ kind: 'checkpoint', beginOfTextId: 1, endOfTextIds: [2] });
    expect([llama.imageTokenId, llama.tokenOf(620), llama.idOf('<image>')]).toEqual([
      620,
      '<image>',
      620,
    ]);
    expect([llama.idOf('<video>'), llama.tokenOf(100_000), llama.tokenOf(-1)]).toEqual([
      null,
      null,
      null,
    ]);
  });

  it('end a text wherever generation_config.json or, without it, config.json says so', async () => {
    const endsOf = async (beside: Record<string, unknown>): Promise<readonly number[]> =>
      (await open(await variant('ends', 'bytelevel-bpe-llama3', () => undefined, beside)))
        .endOfTextIds;
    expect(await endsOf({ 'generation_config.json': { eos_token_id: [517, 518] } })).toEqual([
      517, 518,
    ]);
    expect(await endsOf({ 'config.json': { text_config: { eos_token_id: 517 } } })).toEqual([517]);
    const both = {
      'generation_config.json': { eos_token_id: 517 },
      'config.json': { eos_token_id: 3 },
      'special_tokens_map.json': { eos_token: { content: '<|eot_id|>' } },
    };
    expect(await endsOf(both)).toEqual([517, 518]);
    expect(await endsOf({})).toEqual([]);
  });

  it('may be described in tokenizer_config.json alone', async () => {
    const path = await variant('added', 'bytelevel-bpe-gpt2', () => undefined, {
      'tokenizer_config.json': {
        added_tokens_decoder: { 514: { content: '<|user|>', special: true, normalized: false } },
      },
      'config.json': { image_token_index: 514 },
    });
    const tokenizer = await open(path);
    expect(encoded(tokenizer.encode('a<|user|>', { addSpecialTokens: false }))).toEqual([64, 514]);
    expect(tokenizer.decode([64, 514], { skipSpecialTokens: true })).toBe('a');
    expect(tokenizer.imageTokenId).toBe(514);
  });

  it('are plain text inside a literal part, even where they reach into it', async () => {
    const tokenizer = await open(join(recorded, 'bytelevel-bpe-gpt2'));
    const text = '<image> is <image>';
    const literal = [{ start: 3, end: text.length }];
    const ids = encoded(tokenizer.encode(text, { addSpecialTokens: true, literal }));
    expect(ids).not.toContain(tokenizer.imageTokenId);
    expect(tokenizer.decode(ids, { skipSpecialTokens: true })).toBe(text);
    const first = encoded(
      tokenizer.encode(text, {
        addSpecialTokens: true,
        literal: [{ start: 8, end: 18 }],
      }),
    );
    expect(first.filter((id) => id === tokenizer.imageTokenId)).toHaveLength(1);
    const ordinary = { start: 0, end: 5 };
    expect(
      encoded(tokenizer.encode('plain', { addSpecialTokens: true, literal: [ordinary] })),
    ).toEqual(encoded(tokenizer.encode('plain', { addSpecialTokens: true })));
  });
});

describe('a folder without a usable tokenizer', () => {
  it('is refused with what to do', async () => {
    const empty = await mkdtemp(join(folder, 'empty-'));
    const sentences = [await refusalOf(empty)];
    await writeFile(join(empty, 'tokenizer.model'), 'proto');
    sentences.push(await refusalOf(empty));
    await writeFile(join(empty, 'tokenizer.json'), '{"model":');
    sentences.push(await refusalOf(empty));
    await truncate(join(empty, 'tokenizer.json'), maxTokenizerBytes + 1);
    sentences.push(await refusalOf(empty));
    expect(sentences).toEqual([
      'FOLDER has no tokenizer.json: choose a checkpoint folder that has one, or random weights.',
      'FOLDER has a tokenizer.model but no tokenizer.json: SentencePiece files are not read by themselves. Load and save the tokenizer once with transformers, which writes tokenizer.json.',
      'FOLDER/tokenizer.json is not JSON: copy the file again.',
      'FOLDER/tokenizer.json has 134217729 bytes, more than the limit of 134217728: choose the folder of a language model.',
    ]);
  });

  it('is refused where a part of the tokenizer is of an unknown type', async () => {
    const words = await variant('words', 'wordpiece', (file) => {
      file['model'] = { type: 'WordLevel', vocab: { a: 0 }, unk_token: 'a' };
    });
    expect(await refusalOf(words)).toContain('it reads BPE, Unigram and WordPiece');
    const scripts = await variant('scripts', 'wordpiece', (file) => {
      file['pre_tokenizer'] = { type: 'UnicodeScripts' };
    });
    expect(await refusalOf(scripts)).toBe(
      'FOLDER/tokenizer.json cannot be used: Unknown PreTokenizer type: UnicodeScripts. Choose another checkpoint.',
    );
    const speech = await variant('speech', 'wordpiece', (file) => {
      file['decoder'] = { type: 'CTC', pad_token: '<pad>' };
    });
    expect(await refusalOf(speech)).toContain('decoder is not one that Patchbay knows');
    const begin = await variant('begin', 'bytelevel-bpe-llama3', (file) => {
      file['added_tokens'] = [];
    });
    expect(await refusalOf(begin)).toContain('adds a token that it does not define');
  });

  it('is refused where its vocabulary is none', async () => {
    const faults = {
      'an id in quotes': ['wordpiece', { vocab: { '[UNK]': '0', a: 1 } }],
      'an id below 0': ['wordpiece', { vocab: { '[UNK]': -1, a: 1 } }],
      'no vocabulary': ['wordpiece', { vocab: null }],
      'no word for the unknown': ['wordpiece', { unk_token: undefined }],
      'an unknown word without an id': ['wordpiece', { unk_token: ['[UNK]'] }],
      'a piece without a score': ['unigram', { vocab: [['<unk>', 0], ['a']] }],
      'a piece that is no text': [
        'unigram',
        {
          vocab: [
            ['<unk>', 0],
            [7, 0],
          ],
        },
      ],
      'no piece for the unknown': ['unigram', { unk_id: undefined }],
      'an unknown piece beyond the end': ['unigram', { vocab: [['a', 0]], unk_id: 1 }],
      'an unknown piece that is no place': ['unigram', { vocab: [['a', 0]], unk_id: false }],
    } as const;
    for (const [what, [from, change]] of Object.entries(faults)) {
      const path = await variant('vocabulary', from, (file) => {
        file['model'] = { ...(file['model'] as object), ...change };
      });
      expect(await refusalOf(path), what).toContain('is not a tokenizer that Patchbay reads');
    }
  });
});

it('one that fails at a text, though it opened, is refused like any other', async () => {
  const path = await variant('suffix', 'bytelevel-bpe-gpt2', (file) => {
    const model = file['model'] as { vocab: Record<string, number> };
    // The library looks at it only in words that are no tokens as they are; the one looked at on opening is.
    file['model'] = { ...model, ignore_merges: true, end_of_word_suffix: { toString: 1 } };
  });
  const tokenizer = await open(path);
  expect(tokenizer.encode('several', { addSpecialTokens: false })).toMatchObject({
    ok: false,
    problems: [
      {
        code: 'tokenizer-unreadable',
        message: expect.stringMatching(
          /tokenizer\.json cannot be used: .+\. Choose another checkpoint\.$/,
        ) as string,
      },
    ],
  });
});
