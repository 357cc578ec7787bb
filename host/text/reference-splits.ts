/** Makes the tokenizer library cut text where the reference does, by spelling out what it leaves to JavaScript. */
import type { JsonObject } from './read-json-object.ts';

const gpt2Pattern =
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/**
 * Rewrites the `pre_tokenizer` of tokenizer.json. The library translates patterns that the file spells out as the
 * reference reads them, but holds two as plain JavaScript, and it passes over one option:
 * - ByteLevel: JavaScript's `\s` counts the byte order mark as white space, and not U+0085;
 * - Digits: JavaScript's `\d` knows ASCII digits only, the reference every number of Unicode;
 * - Metaspace: words are not cut apart, so equally good cuts of a Unigram model can be told apart by rounding alone.
 *
 * Reference: the Rust crate `tokenizers`, module `pre_tokenizers`.
 */
export function withReferenceSplits(config: unknown): unknown {
  if (typeof config !== 'object' || config === null || !('type' in config)) return config;
  const part: JsonObject = { ...config };
  switch (part['type']) {
    case 'Sequence': {
      const inner = part['pretokenizers'];
      if (!Array.isArray(inner)) return part;
      return sequence(inner.map(withReferenceSplits));
    }
    case 'ByteLevel':
      // A prefix space comes before the pattern, so such a part stays whole.
      if (part['use_regex'] === false || part['add_prefix_space'] === true) return part;
      return sequence([isolate(gpt2Pattern), { ...part, use_regex: false }]);
    case 'Digits':
      return isolate(part['individual_digits'] === true ? '\\p{N}' : '\\p{N}+');
    case 'Metaspace':
      return metaspace(part);
    default:
      return part;
  }
}

/**
 * Rewrites the `normalizer` of tokenizer.json so that what replaces a pattern is put in as it is written: the library
 * reads `$&` and its like as JavaScript does, the reference does not.
 */
export function withLiteralContent(config: unknown): unknown {
  if (typeof config !== 'object' || config === null || !('type' in config)) return config;
  const part: JsonObject = { ...config };
  const { normalizers, content } = part;
  if (part['type'] === 'Sequence' && Array.isArray(normalizers))
    return { ...part, normalizers: normalizers.map(withLiteralContent) };
  return typeof content === 'string' ? { ...part, content: content.replaceAll('$', '$$$$') } : part;
}

function sequence(pretokenizers: readonly unknown[]): JsonObject {
  return { type: 'Sequence', pretokenizers };
}

function isolate(pattern: string): JsonObject {
  return { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false };
}

function metaspace(part: JsonObject): JsonObject {
  // Files from before `prepend_scheme` say it with `add_prefix_space`.
  const oldScheme = part['add_prefix_space'] === false ? 'never' : 'always';
  const prepended = { ...part, prepend_scheme: part['prepend_scheme'] ?? oldScheme };
  if (part['split'] === false) return prepended;
  const mark = typeof part['replacement'] === 'string' ? part['replacement'] : '▁';
  // Inverted, so the library keeps what matches: a mark and what follows it, up to the next.
  const words = { Regex: `${mark}[^${mark}]*|[^${mark}]+` };
  return sequence([
    prepended,
    { type: 'Split', pattern: words, behavior: 'Removed', invert: true },
  ]);
}
