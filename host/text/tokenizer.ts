/** Text to token ids and back, by the tokenizer.json of a checkpoint folder. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Tokenizer as LibraryTokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import type { Media } from '#engine/node/wire.ts';
import { cutMarker, cutMarkerToken, cutSpecialTokens, type TextRange } from './literal-text.ts';
import { readJsonObject, reasonOf, type JsonObject } from './read-json-object.ts';
import { withReferenceSplits } from './reference-splits.ts';
import { readTokenDecoder, type TextDecoding } from './token-decoder.ts';
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
  encode(text: string, options: EncodeOptions): readonly number[];
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
/** Configurations with a description of every added token reach about 1 MB. */
export const maxConfigBytes = 16 * 2 ** 20;

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
  token_to_id(token: string): number | undefined;
  id_to_token(id: number): string | undefined;
}

/** Files beside tokenizer.json that name special tokens; an absent file is empty. */
interface Configs {
  readonly tokenizer: JsonObject;
  readonly specialTokens: JsonObject;
  readonly generation: JsonObject;
  readonly model: JsonObject;
}

/**
 * Opens the tokenizer of a checkpoint folder: tokenizer.json, and what tokenizer_config.json, special_tokens_map.json,
 * generation_config.json and config.json say about special tokens.
 *
 * `clean_up_tokenization_spaces` is not applied: transformers ignores it for BPE, and language models have no other.
 */
export async function openTokenizer(folder: string): Promise<Outcome<Tokenizer>> {
  const path = join(folder, 'tokenizer.json');
  const file = await readJsonObject(path, {
    code: 'tokenizer-unreadable',
    maxBytes: maxTokenizerBytes,
  });
  if (!file.ok) return file;
  if (file.value === null) return missing(folder);
  const configs = await readConfigs(folder);
  if (!configs.ok) return configs;
  try {
    return createTokenizer(path, file.value, configs.value);
  } catch (cause) {
    // The library throws where a part has a type or a pattern that it does not know.
    return unreadable(`${path} cannot be used: ${reasonOf(cause)}. Choose another checkpoint.`);
  }
}

/** `encode` of a tokenizer whose library may stumble over what its file says; fails with `tokenizer-unreadable`. */
export function encodeText(
  tokenizer: Tokenizer,
  text: string,
  options: EncodeOptions,
): Outcome<readonly number[]> {
  try {
    return ok(tokenizer.encode(text, options));
  } catch (cause) {
    return unreadable(
      `The tokenizer fails at this text (${reasonOf(cause)}): choose another checkpoint.`,
    );
  }
}

function unreadable(message: string): Outcome<never> {
  return fail(error('tokenizer-unreadable', message));
}

async function missing(folder: string): Promise<Outcome<never>> {
  const hasSentencePiece = await stat(join(folder, 'tokenizer.model')).then(
    (found) => found.isFile(),
    () => false,
  );
  return unreadable(
    hasSentencePiece
      ? `${folder} has a tokenizer.model but no tokenizer.json: SentencePiece files are not read by themselves. Load and save the tokenizer once with transformers, which writes tokenizer.json.`
      : `${folder} has no tokenizer.json: choose a checkpoint folder that has one, or random weights.`,
  );
}

async function readConfigs(folder: string): Promise<Outcome<Configs>> {
  const limits = { code: 'tokenizer-unreadable', maxBytes: maxConfigBytes } as const;
  const read = async (name: string): Promise<Outcome<JsonObject>> => {
    const file = await readJsonObject(join(folder, name), limits);
    return file.ok ? ok(file.value ?? {}) : file;
  };
  const tokenizer = await read('tokenizer_config.json');
  if (!tokenizer.ok) return tokenizer;
  const specialTokens = await read('special_tokens_map.json');
  if (!specialTokens.ok) return specialTokens;
  const generation = await read('generation_config.json');
  if (!generation.ok) return generation;
  const model = await read('config.json');
  if (!model.ok) return model;
  return ok({
    tokenizer: tokenizer.value,
    specialTokens: specialTokens.value,
    generation: generation.value,
    model: model.value,
  });
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
  const contents = new Set(addedTokens.map(({ content }) => content));
  const fault = vocabularyFault(parsed.data.model, contents);
  if (fault !== null) return unreadable(foreignSentence(path, fault));
  const library: TokenizerLibrary = new LibraryTokenizer(
    {
      normalizer: null,
      post_processor: null,
      decoder: null,
      ...parsed.data,
      pre_tokenizer: withReferenceSplits(file['pre_tokenizer'] ?? null),
      added_tokens: [...addedTokens, cutMarkerToken],
    },
    // tokenizer.json alone says how text is cut, as in Rust; the library would trim and clean up by the other file.
    {},
  );
  const tokenizer = new CheckpointTokenizer(library, decoder.value, addedTokens, configs);
  if (!tokenizer.encode('a', { addSpecialTokens: true }).every(Number.isInteger)) {
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
  readonly #library: TokenizerLibrary;
  readonly #startDecoder: () => TextDecoding<string>;
  readonly #specialIds: ReadonlySet<number>;
  readonly #specialContents: readonly string[];

  constructor(
    library: TokenizerLibrary,
    startDecoder: () => TextDecoding<string>,
    addedTokens: readonly AddedToken[],
    configs: Configs,
  ) {
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

  encode(text: string, { addSpecialTokens, literal = [] }: EncodeOptions): readonly number[] {
    const cut = cutSpecialTokens(text, literal, this.#specialContents);
    const { ids } = this.#library.encode(cut, { add_special_tokens: addSpecialTokens });
    return cut === text ? ids : ids.filter((id) => id !== cutMarkerToken.id);
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

/** A token in a configuration file: its text, or an object that holds it. */
export function tokenName(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null || !('content' in value)) return null;
  return typeof value.content === 'string' ? value.content : null;
}

/** As transformers: generation_config.json speaks first, then config.json, there or in its language part. */
function endOfTextIdsOf({ generation, model }: Configs): readonly number[] {
  const language = model['text_config'];
  const sources = [generation, model, typeof language === 'object' ? { ...language } : {}];
  for (const source of sources) {
    const ids = idsOf('eos_token_id' in source ? source.eos_token_id : null);
    if (ids.length > 0) return ids;
  }
  return [];
}

function idsOf(value: unknown): readonly number[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.filter((id): id is number => Number.isInteger(id) && Number(id) >= 0);
}
