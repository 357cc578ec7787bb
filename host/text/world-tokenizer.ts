/** Text to token ids and back by the list of tokens that comes with RWKV's World models: bytes, always the longest that fit. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { readCappedText } from './read-json-object.ts';
import { endOfTextIdsOf, type Configs } from './tokenizer-config.ts';
import type { Tokenizer } from './tokenizer.ts';
import { withinTime } from './within-time.ts';

/** The published list has 65,529 tokens in 1.1 MB, the longest of 128 bytes. */
const limits = { fileBytes: 16 * 2 ** 20, tokens: 2 ** 20, tokenBytes: 1024 } as const;

/** Measured: 50,000 characters are encoded in less than 0.1 s. */
const maxEncodeMs = (characters: number): number => 2_000 + Math.ceil(characters / 10);

/** It ends a text, and is in no list. */
const endOfText = 0;

/**
 * By the list in a checkpoint folder; null where there is none. Fails with `tokenizer-unreadable` where the file is no
 * such list, is too large, or leaves a byte without a token.
 */
export async function openWorldTokenizer(
  folder: string,
  configs: Configs,
): Promise<Outcome<Tokenizer | null>> {
  const names = await readdir(folder).catch((): string[] => []);
  const name = names.toSorted().findLast((each) => /^rwkv_vocab_v\d+\.txt$/.test(each));
  if (name === undefined) return ok(null);
  const path = join(folder, name);
  const text = await readCappedText(path, {
    code: 'tokenizer-unreadable',
    maxBytes: limits.fileBytes,
  });
  if (!text.ok) return text;
  const tokens = new Map<number, Buffer>();
  for (const [index, line] of (text.value ?? '').split('\n').entries()) {
    if (line.trim() === '') continue;
    const token = readLine(line);
    if (!token || tokens.has(token.id) || tokens.size >= limits.tokens)
      return unreadable(
        path,
        `line ${index + 1} is no token: an id, its text or bytes as Python writes them, their number`,
      );
    tokens.set(token.id, token.bytes);
  }
  const bytes = new Set(
    [...tokens.values()].flatMap((token) => (token.length === 1 ? [...token] : [])),
  );
  if (bytes.size < 256)
    return unreadable(path, `${256 - bytes.size} of the 256 bytes have no token`);
  return ok(worldTokenizer(path, tokens, configs));
}

const unreadable = (path: string, reason: string): Outcome<never> =>
  fail(
    error(
      'tokenizer-unreadable',
      `${path} is not a list of tokens that Patchbay reads (${reason}). Choose another checkpoint.`,
    ),
  );

/** `257 '\t\n' 2` or `129 b'\x80' 1`; null for what is none. */
function readLine(line: string): { readonly id: number; readonly bytes: Buffer } | null {
  const match = /^(\d{1,7}) (b?)(?:'(.*)'|"(.*)") (\d{1,4})\r?$/.exec(line);
  if (!match) return null;
  const [, id, isBytes, single, double, length] = match;
  const text = unescaped(single ?? double ?? '');
  if (text === null) return null;
  const bytes = Buffer.from(text, isBytes === 'b' ? 'latin1' : 'utf8');
  const isWhole = bytes.length === Number(length) && bytes.length > 0;
  return isWhole && bytes.length <= limits.tokenBytes ? { id: Number(id), bytes } : null;
}

const escapes: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r' };

/** What a literal of Python stands for; null where it is broken. */
function unescaped(literal: string): string | null {
  let isWhole = true;
  const text = literal.replaceAll(
    /\\(?:x([\da-f]{2})|u([\da-f]{4})|U([\da-f]{8})|(.?))/gi,
    (_, byte?: string, short?: string, long?: string, other?: string) => {
      const code = byte ?? short ?? long;
      if (code !== undefined && Number.parseInt(code, 16) <= 0x10_ff_ff)
        return String.fromCodePoint(Number.parseInt(code, 16));
      const sign =
        other === undefined
          ? undefined
          : (escapes[other] ?? (/^[\\'"]$/.test(other) ? other : undefined));
      isWhole &&= sign !== undefined;
      return sign ?? '';
    },
  );
  return isWhole ? text : null;
}

/** Tokens by their bytes, each byte a character. */
interface Lookup {
  readonly ids: ReadonlyMap<string, number>;
  /** Of tokens that begin with the same two bytes, how long they are, the longest first. */
  readonly lengths: ReadonlyMap<string, readonly number[]>;
}

function lookupOf(tokens: ReadonlyMap<number, Buffer>): Lookup {
  const ids = new Map<string, number>();
  const lengths = new Map<string, Set<number>>();
  for (const [id, bytes] of tokens) {
    const key = bytes.toString('latin1');
    // Of two that are alike the last counts, as in the reference.
    ids.set(key, id);
    const start = key.slice(0, 2);
    lengths.set(start, (lengths.get(start) ?? new Set()).add(bytes.length));
  }
  const sorted = [...lengths].map(
    ([start, all]) => [start, [...all].toSorted((a, b) => b - a)] as const,
  );
  return { ids, lengths: new Map(sorted) };
}

/** Source: BlinkDL/ChatRWKV, tokenizer/rwkv_tokenizer.py. */
function encode({ ids, lengths }: Lookup, text: string): readonly number[] {
  const bytes = Buffer.from(text, 'utf8').toString('latin1');
  const out: number[] = [];
  for (let at = 0; at < bytes.length;) {
    const longer = lengths.get(bytes.slice(at, at + 2)) ?? [];
    const length = longer.find((each) => ids.has(bytes.slice(at, at + each))) ?? 1;
    out.push(ids.get(bytes.slice(at, at + length)) as number);
    at += length;
  }
  return out;
}

function worldTokenizer(
  path: string,
  tokens: ReadonlyMap<number, Buffer>,
  configs: Configs,
): Tokenizer {
  const lookup = lookupOf(tokens);
  const named = endOfTextIdsOf(configs);
  const startDecoding: Tokenizer['startDecoding'] = () => {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    return {
      push: (id) => decoder.decode(tokens.get(id) ?? Buffer.alloc(0), { stream: true }),
      finish: () => decoder.decode(),
    };
  };
  return {
    kind: 'checkpoint',
    encode(text) {
      const limitMs = maxEncodeMs(text.length);
      const done = withinTime(limitMs, () => encode(lookup, text));
      return done.isDone
        ? ok(done.result)
        : unreadable(path, `${text.length} characters take over ${limitMs} ms`);
    },
    decode(ids, options) {
      const decoding = startDecoding(options);
      return ids.map((id) => decoding.push(id)).join('') + decoding.finish();
    },
    startDecoding,
    beginOfTextId: null,
    endOfTextIds: named.length > 0 ? named : [endOfText],
    imageTokenId: null,
    videoTokenId: null,
    idOf: (token) => lookup.ids.get(Buffer.from(token, 'utf8').toString('latin1')) ?? null,
    tokenOf: (id) => tokens.get(id)?.toString('utf8') ?? null,
  };
}
