/**
 * Keeps a tokenizer.json of somebody else's from filling memory. What its parts put in is counted before the library
 * builds them, so that no single step makes a text much longer than it was; between the steps, its length is looked at.
 */
import type { JsonObject } from './read-json-object.ts';

export const tokenizerLimits = {
  /** Published tokenizers have up to ten normalizers, cuts, wraps and decoders. */
  parts: 64,
  /** Characters that may come in for one: those that are published bring in two. */
  growth: 64,
  /** Published ones set two tokens around a text. */
  templateItems: 16,
  /** Of the tokens that are looked for in a text, and of Unigram's pieces: the largest published have 2,000,000. */
  vocabularyCharacters: 8_000_000,
  /** A prompt has 50,000; the rest is for what a normalizer may make of it. */
  characters: 1_000_000,
  tokens: 250_000,
} as const;

/** Where a part of tokenizer.json keeps its own parts. */
const innerParts = ['normalizers', 'pretokenizers', 'processors', 'decoders'] as const;
const partKinds = ['normalizer', 'pre_tokenizer', 'post_processor', 'decoder'] as const;

/** After "tokenizer.json is not a tokenizer that Patchbay reads"; null where all is well. */
export function partsFault(file: JsonObject): string | null {
  const parts = partKinds.flatMap((kind) => allParts(file[kind]));
  if (parts.length > tokenizerLimits.parts)
    return `it has ${parts.length} steps, more than ${tokenizerLimits.parts}`;
  if (parts.some(({ type, pattern }) => searches.has(type) && !isPattern(pattern)))
    return 'it looks for a pattern that is none';
  const decoding = allParts(file['decoder']).reduce((growth, part) => growth * growthOf(part), 1);
  const growth = Math.max(decoding, ...parts.map(growthOf));
  if (growth > tokenizerLimits.growth)
    return `it puts more than ${tokenizerLimits.growth} characters in the place of one`;
  const items = Math.max(
    0,
    ...parts.map(({ single }) => (Array.isArray(single) ? single.length : 0)),
  );
  if (items > tokenizerLimits.templateItems)
    return `it sets more than ${tokenizerLimits.templateItems} things around a text`;
  return modelFault(file['model']);
}

function allParts(config: unknown): readonly JsonObject[] {
  if (typeof config !== 'object' || config === null) return [];
  const part: JsonObject = { ...config };
  const inner = innerParts.flatMap((name) => part[name]);
  return [part, ...inner.flatMap(allParts)];
}

const searches: ReadonlySet<unknown> = new Set(['Replace', 'Split']);

/** The library passes over any other, and with it over the text. */
const isPattern = (pattern: unknown): boolean =>
  typeof pattern === 'object' &&
  pattern !== null &&
  ['Regex', 'String'].some((kind) => typeof (pattern as JsonObject)[kind] === 'string');

/** The most characters that come out of a part for each that goes in. */
function growthOf({ pattern, content, replacement, str_rep, prepend }: JsonObject): number {
  const replaced =
    typeof pattern === 'object' && pattern !== null && 'String' in pattern ? pattern.String : '';
  return Math.max(
    1,
    Math.ceil(lengthOf(content) / Math.max(1, lengthOf(replaced))),
    ...[replacement, str_rep, prepend].map(lengthOf),
  );
}

function modelFault(model: unknown): string | null {
  if (typeof model !== 'object' || model === null) return null;
  const { vocab, type, end_of_word_suffix, continuing_subword_prefix }: JsonObject = { ...model };
  const longest = Math.max(lengthOf(end_of_word_suffix), lengthOf(continuing_subword_prefix));
  if (longest > tokenizerLimits.growth)
    return `it marks words with more than ${tokenizerLimits.growth} characters`;
  if (type !== 'Unigram' || !Array.isArray(vocab)) return null;
  const pieces = vocab.map((piece: unknown) => (Array.isArray(piece) ? (piece[0] as unknown) : ''));
  return charactersFault(pieces);
}

/** What is looked for in a text letter by letter is kept letter by letter. */
export function charactersFault(names: readonly unknown[]): string | null {
  const characters = names.reduce<number>((sum, name) => sum + lengthOf(name), 0);
  return characters > tokenizerLimits.vocabularyCharacters
    ? `its tokens have ${characters} characters, more than ${tokenizerLimits.vocabularyCharacters}`
    : null;
}

const lengthOf = (value: unknown): number => (typeof value === 'string' ? value.length : 0);

/** A step of the library, with what it does and the steps that it is made of; each has some of these. */
interface LibraryStep {
  normalize?: (text: string) => string;
  pre_tokenize?: (text: unknown, options: unknown) => readonly string[];
  post_process?: (...given: unknown[]) => { readonly tokens: readonly string[] };
  readonly normalizers?: readonly (LibraryStep | null)[];
  readonly tokenizers?: readonly (LibraryStep | null)[];
  readonly processors?: readonly (LibraryStep | null)[];
}

/** Has each step of a tokenizer of the library throw where it gives more than the limits allow. */
export function boundSteps(step: LibraryStep | null): void {
  if (step === null) return;
  const { normalizers = [], tokenizers = [], processors = [] } = step;
  for (const inner of [...normalizers, ...tokenizers, ...processors]) boundSteps(inner);
  const { normalize, pre_tokenize: cut, post_process: wrap } = step;
  if (normalize) step.normalize = (text) => boundText(normalize.call(step, text));
  if (cut) step.pre_tokenize = (text, options) => boundTexts(cut.call(step, text, options));
  if (wrap)
    step.post_process = (...given) => {
      const wrapped = wrap.apply(step, given);
      boundTokens(wrapped.tokens);
      return wrapped;
    };
}

function boundText(text: string): string {
  if (text.length > tokenizerLimits.characters)
    throw new Error(`it makes more than ${tokenizerLimits.characters} characters of a text`);
  return text;
}

function boundTexts(texts: readonly string[]): readonly string[] {
  boundTokens(texts);
  if (texts.reduce((sum, { length }) => sum + length, 0) > tokenizerLimits.characters)
    throw new Error(`it makes more than ${tokenizerLimits.characters} characters of a text`);
  return texts;
}

function boundTokens(tokens: readonly unknown[]): void {
  if (tokens.length > tokenizerLimits.tokens)
    throw new Error(`it makes more than ${tokenizerLimits.tokens} tokens of a text`);
}
