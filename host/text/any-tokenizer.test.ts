/** What holds for every tokenizer.json, however odd: it opens or is refused, and so is every text. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { problemSchema } from '#engine/contract/problem.ts';
import { openTokenizer } from './open-tokenizer.ts';

type Part = Record<string, unknown>;

const recorded = join(import.meta.dirname, '..', '..', 'verify', 'recorded', 'tokenizer');
const names = [
  'bytelevel-bpe-gpt2',
  'bytelevel-bpe-llama3',
  'sentencepiece-bpe-gemma',
  'unigram',
  'wordpiece',
];
const files = await Promise.all(
  names.map(
    async (name) =>
      JSON.parse(await readFile(join(recorded, name, 'tokenizer.json'), 'utf8')) as Part,
  ),
);
const folder = await mkdtemp(join(tmpdir(), 'patchbay-any-tokenizer-'));
afterAll(() => rm(folder, { recursive: true }));

/** None of these goes on for ever: what becomes of such is told in tokenizer-limits.test.ts. */
const pattern = fc.oneof(
  fc
    .constantFrom('', ' ', '\\s+', '[', '(', '\\p{L}+', '(?i:a)|b', '\\p{Nope}', '$', '(?<=a)b')
    .map((Regex) => ({ Regex })),
  fc.string({ maxLength: 3 }).map((String) => ({ String })),
  fc.jsonValue({ maxDepth: 1 }),
);
const content = fc.oneof(
  fc.constantFrom('', ' ', '▁', '$&$&', '$`', 'aa'),
  fc.string(),
  fc.jsonValue(),
);
const types = `
  NFC NFKD Lowercase Prepend Replace Strip StripAccents Precompiled BertNormalizer ByteLevel Metaspace Split Digits
  Punctuation Whitespace FixedLength TemplateProcessing ByteFallback Fuse WordPiece New
`
  .trim()
  .split(/\s+/);
const part: fc.Arbitrary<Part> = fc.record(
  {
    type: fc.constantFrom(...types),
    pattern,
    content,
    prepend: content,
    replacement: content,
    behavior: fc.constantFrom('Isolated', 'Removed', 'MergedWithPrevious', 7),
    invert: fc.boolean(),
    length: fc.integer({ min: -1, max: 4 }),
    single: fc.array(
      fc.constantFrom(
        { Sequence: { id: 'A', type_id: 0 } },
        { SpecialToken: { id: 'x', type_id: 0 } },
        7,
      ),
      { maxLength: 3 },
    ),
    start: fc.integer({ min: -1, max: 3 }),
    stop: fc.integer({ min: -1, max: 3 }),
  },
  { requiredKeys: ['type'] },
);
const parts = (inner: string): fc.Arbitrary<unknown> =>
  fc.oneof(
    fc.constant(null),
    part,
    fc.array(part, { maxLength: 4 }).map((each) => ({ type: 'Sequence', [inner]: each })),
    fc.jsonValue({ maxDepth: 2 }),
  );
const changes = fc.record(
  {
    normalizer: parts('normalizers'),
    pre_tokenizer: parts('pretokenizers'),
    post_processor: parts('processors'),
    decoder: parts('decoders'),
    added_tokens: fc.oneof(
      fc.array(fc.record({ id: fc.integer({ min: -1, max: 999 }), content: fc.string() })),
      fc.jsonValue({ maxDepth: 2 }),
    ),
  },
  { requiredKeys: [] },
);

it('opens and encodes to whole numbers, or says why not', async () => {
  let opened = 0;
  const opensOrRefuses = async (file: Part, changed: Part, text: string): Promise<void> => {
    await writeFile(join(folder, 'tokenizer.json'), JSON.stringify({ ...file, ...changed }));
    const tokenizer = await openTokenizer(folder);
    if (!tokenizer.ok) {
      for (const problem of tokenizer.problems)
        expect(problemSchema.parse(problem).code).toBe('tokenizer-unreadable');
      return;
    }
    opened += 1;
    const literal = [{ start: 0, end: text.length }];
    const ids = tokenizer.value.encode(text, { addSpecialTokens: true, literal });
    if (!ids.ok) {
      expect(ids.problems.map(({ code }) => code)).toEqual(['tokenizer-unreadable']);
      return;
    }
    expect(ids.value.filter((id) => !Number.isInteger(id))).toEqual([]);
    expect(typeof tokenizer.value.decode(ids.value, { skipSpecialTokens: true })).toBe('string');
  };
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom('', 'a <image> of ü', '\uD800', '▁▁', '🙂 ok'),
  );
  const property = fc.asyncProperty(fc.constantFrom(...files), changes, text, opensOrRefuses);
  await fc.assert(property, { numRuns: 200 });
  expect(opened).toBeGreaterThan(0);
});
