/** Text to token ids and back, by the tokenizer.json of a checkpoint folder. */
import { join } from 'node:path';
import { Tokenizer as LibraryTokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import type { Media } from '#engine/node/wire.ts';
import { cutMarker, cutMarkerToken, cutSpecialTokens, type TextRange } from './literal-text.ts';
import { readJsonObject, reasonOf, type JsonObject } from './read-json-object.ts';
import { withLiteralContent, withReferenceSplits } from './reference-splits.ts';
import { readTokenDecoder, type TextDecoding } from './token-decoder.ts';
import { endOfTextIdsOf, idsOf, tokenName, type Configs } from './tokenizer-config.ts';
import { boundSteps, charactersFault, partsFault } from './tokenizer-limits.ts';
import { withinTime } from './within-time.ts';
import { vocabularyFault } from './vocabulary.ts';

export interface EncodeOptions {
  /** Adds what the tokenizer sets around every text, such as the begin-of-text token. */
  readonly addSpecialTokens: boolean;
  /** Parts of the text whose characters stay plain text even where they spell a special token. */
  readonly literal?: readonly TextRange[];
}

export interface DecodeOptions {
  readonly skipSpecialTokens: boolean;
}

export interface Tokenizer {
  readonly kind: 'checkpoint' | 'stand-in';
  /** Fails with `tokenizer-unreadable` where the tokenizer takes too long for the text, or makes too much of it. */
  encode(text: string, options: EncodeOptions): Outcome<readonly number[]>;
  /** Ids that no token has are left out, as in the reference. */
  decode(ids: readonly number[], options: DecodeOptions): string;
  /** Decodes token by token; what comes out, joined, is what `decode` gives for the same ids. */
  startDecoding(options: DecodeOptions): TextDecoding<number>;
  readonly beginOfTextId: number | null;
  /** Any of these ends an answer. */
  readonly endOfTextIds: readonly number[];
  /** The token that stands for visual tokens, such as `<image>`. */
  readonly imageTokenId: number | null;
  /** The same for the frames of a clip, such as `<video>`. */
  readonly videoTokenId: number | null;
  idOf(token: string): number | null;
  tokenOf(id: number): string | null;
}

/** The largest published tokenizer.json (vocabularies of 262,144 tokens) have about 35 MB. */
export const maxTokenizerBytes = 128 * 2 ** 20;
/** A vocabulary of 262,144 tokens and twice as many merges hold 2,000,000 values and nest 6 deep. */
const tokenizerJson = {
  code: 'tokenizer-unreadable',
  maxBytes: maxTokenizerBytes,
  depth: 32,
  values: 2 ** 23,
  fields: 2 ** 21,
} as const;
/** Measured: 777,000 entries are built in 1.5 s of a processor, 50,000 characters are encoded in less than 0.1 s. */
const maxMs = {
  build: (entries: number): number => 2_000 + Math.ceil(entries / 20),
  encode: (characters: number): number => 2_000 + Math.ceil(characters / 10),
} as const;

const addedTokenSchema = z.looseObject({
  id: z.int().nonnegative(),
  content: z.string(),
  special: z.boolean().default(false),
});
type AddedToken = z.infer<typeof addedTokenSchema>;

const tokenizerFileSchema = z.looseObject({
  added_tokens: z.array(addedTokenSchema).nullish(),
  model: z.looseObject({ type: z.enum(['BPE', 'Unigram', 'WordPiece']) }),
});

/** What is used of the library, whose own type files do not resolve under Node's rules for modules. */
interface TokenizerLibrary {
  encode(text: string, options: { readonly add_special_tokens: boolean }): { ids: number[] };
  readonly normalizer: Parameters<typeof boundSteps>[0];
  readonly pre_tokenizer: Parameters<typeof boundSteps>[0];
  readonly post_processor: Parameters<typeof boundSteps>[0];
  token_to_id(token: string): number | undefined;
  id_to_token(id: number): string | undefined;
}

/**
 * By the tokenizer.json of a checkpoint folder, and what is said of special tokens beside it; null where there is none.
 *
 * `clean_up_tokenization_spaces` is not applied: transformers ignores it for BPE, and language models have no other.
 */
export async function openTokenizerJson(
  folder: string,
  configs: Configs,
): Promise<Outcome<Tokenizer | null>> {
  const path = join(folder, 'tokenizer.json');
  const file = await readJsonObject(path, tokenizerJson);
  if (!file.ok) return file;
  const { value } = file;
  if (value === null) return ok(null);
  return inTime(path, maxMs.build(entriesOf(value)), () => createTokenizer(path, value, configs));
}

/** Runs what a tokenizer.json says: the library throws where it does not know a part, and never ends with some patterns. */
function inTime<Value>(path: string, limitMs: number, work: () => Outcome<Value>): Outcome<Value> {
  try {
    const done = withinTime(limitMs, work);
    return done.isDone ? done.result : unusable(path, `it takes over ${limitMs} ms`);
  } catch (cause) {
    return unusable(path, reasonOf(cause));
  }
}

/** Tokens and merges. */
function entriesOf({ model }: JsonObject): number {
  const { vocab = {}, merges = [] }: JsonObject = { ...(model as object | null) };
  return [vocab, merges].reduce<number>((sum, all) => sum + Object.keys(all ?? {}).length, 0);
}

function unusable(path: string, reason: string): Outcome<never> {
  return unreadable(`${path} cannot be used: ${reason}. Choose another checkpoint.`);
}

function unreadable(message: string): Outcome<never> {
  return fail(error('tokenizer-unreadable', message));
}

function createTokenizer(path: string, file: JsonObject, configs: Configs): Outcome<Tokenizer> {
  const parsed = tokenizerFileSchema.safeParse(withModelType(file));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const reason = issue ? `${issue.path.join('.')}: ${issue.message}` : 'no model';
    return unreadable(foreignSentence(path, reason));
  }
  const decoder = readTokenDecoder(file['decoder']);
  if (!decoder.ok) return decoder;
  const addedTokens = allAddedTokens(parsed.data.added_tokens ?? [], configs.tokenizer);
  const contents = addedTokens.map(({ content }) => content);
  const fault =
    partsFault(file) ??
    charactersFault(contents) ??
    vocabularyFault(parsed.data.model, new Set(contents));
  if (fault !== null) return unreadable(foreignSentence(path, fault));
  const library: TokenizerLibrary = new LibraryTokenizer(
    {
      post_processor: null,
      decoder: null,
      ...parsed.data,
      normalizer: withLiteralContent(file['normalizer'] ?? null),
      pre_tokenizer: withReferenceSplits(file['pre_tokenizer'] ?? null),
      added_tokens: [...addedTokens, cutMarkerToken],
    },
    // tokenizer.json alone says how text is cut, as in Rust; the library would trim and clean up by the other file.
    {},
  );
  for (const step of [library.normalizer, library.pre_tokenizer, library.post_processor])
    boundSteps(step);
  const tokenizer = new CheckpointTokenizer(path, library, decoder.value, addedTokens, configs);
  if (!library.encode('a', { add_special_tokens: true }).ids.every(Number.isInteger)) {
    return unreadable(`${path} adds a token that it does not define: choose another checkpoint.`);
  }
  return ok(tokenizer);
}

const foreignSentence = (path: string, reason: string): string =>
  `${path} is not a tokenizer that Patchbay reads (${reason}): it reads BPE, Unigram and WordPiece.`;

/** Old files do not name the model's type. */
function withModelType(file: JsonObject): JsonObject {
  const { model } = file;
  if (typeof model !== 'object' || model === null || 'type' in model) return file;
  if ('merges' in model) return { ...file, model: { ...model, type: 'BPE' } };
  if ('unk_id' in model) return { ...file, model: { ...model, type: 'Unigram' } };
  if (!('continuing_subword_prefix' in model)) return file;
  return { ...file, model: { ...model, type: 'WordPiece' } };
}

/** Tokens of tokenizer.json, and those that only tokenizer_config.json describes: transformers adds them on loading. */
function allAddedTokens(
  tokens: readonly AddedToken[],
  tokenizerConfig: JsonObject,
): readonly AddedToken[] {
  const all = tokens.filter(({ content }) => content !== '');
  const ids = new Set(all.map(({ id }) => id));
  const contents = new Set(['', ...all.map(({ content }) => content)]);
  for (const [id, token] of Object.entries(tokenizerConfig['added_tokens_decoder'] ?? {})) {
    const parsed = addedTokenSchema.safeParse({ ...token, id: Number(id) });
    if (!parsed.success || ids.has(parsed.data.id) || contents.has(parsed.data.content)) continue;
    all.push(parsed.data);
  }
  return all;
}

class CheckpointTokenizer implements Tokenizer {
  readonly kind = 'checkpoint';
  readonly beginOfTextId: number | null;
  readonly endOfTextIds: readonly number[];
  readonly imageTokenId: number | null;
  readonly videoTokenId: number | null;
  readonly #path: string;
  readonly #library: TokenizerLibrary;
  readonly #startDecoder: () => TextDecoding<string>;
  readonly #specialIds: ReadonlySet<number>;
  readonly #specialContents: readonly string[];

  constructor(
    path: string,
    library: TokenizerLibrary,
    startDecoder: () => TextDecoding<string>,
    addedTokens: readonly AddedToken[],
    configs: Configs,
  ) {
    this.#path = path;
    this.#library = library;
    this.#startDecoder = startDecoder;
    const specials = addedTokens.filter(({ special }) => special);
    this.#specialIds = new Set(specials.map(({ id }) => id));
    const named = (key: string): number | null => {
      const token = tokenName(configs.tokenizer[key]) ?? tokenName(configs.specialTokens[key]);
      return token === null ? null : this.idOf(token);
    };
    this.beginOfTextId = named('bos_token');
    this.endOfTextIds = [...new Set([...endOfTextIdsOf(configs), ...idsOf(named('eos_token'))])];
    this.imageTokenId = this.#findVisualToken('image', configs.model);
    this.videoTokenId = this.#findVisualToken('video', configs.model);
    const visual = [this.imageTokenId, this.videoTokenId].flatMap((id) =>
      id === null ? [] : (this.tokenOf(id) ?? []),
    );
    this.#specialContents = [...specials.map(({ content }) => content), ...visual];
  }

  encode(
    text: string,
    { addSpecialTokens, literal = [] }: EncodeOptions,
  ): Outcome<readonly number[]> {
    return inTime(this.#path, maxMs.encode(text.length), () => {
      const cut = cutSpecialTokens(text, literal, this.#specialContents);
      const { ids } = this.#library.encode(cut, { add_special_tokens: addSpecialTokens });
      return ok(cut === text ? ids : ids.filter((id) => id !== cutMarkerToken.id));
    });
  }

  decode(ids: readonly number[], options: DecodeOptions): string {
    const decoding = this.startDecoding(options);
    let text = '';
    for (const id of ids) text += decoding.push(id);
    return text + decoding.finish();
  }

  startDecoding({ skipSpecialTokens }: DecodeOptions): TextDecoding<number> {
    const decoder = this.#startDecoder();
    return {
      push: (id) => {
        const token = this.tokenOf(id);
        if (token === null || (skipSpecialTokens && this.#specialIds.has(id))) return '';
        return decoder.push(token);
      },
      finish: () => decoder.finish(),
    };
  }

  idOf(token: string): number | null {
    return token === cutMarker ? null : (this.#library.token_to_id(token) ?? null);
  }

  tokenOf(id: number): string | null {
    return id < 0 ? null : (this.#library.id_to_token(id) ?? null);
  }

  /** The configuration's token counts only where its name is read as that token. */
  #findVisualToken(media: Media, modelConfig: JsonObject): number | null {
    for (const key of [`${media}_token_id`, `${media}_token_index`]) {
      const id = modelConfig[key];
      const token = typeof id === 'number' ? this.tokenOf(id) : null;
      if (typeof id !== 'number' || token === null) continue;
      const { ids } = this.#library.encode(token, { add_special_tokens: false });
      if (ids.length === 1 && ids[0] === id) return id;
    }
    return this.idOf(`<${media}>`);
  }
}
