/**
 * Turns token strings back into text one token at a time, as the decoder part of tokenizer.json says.
 *
 * The tokenizer library decodes whole sequences only, and reads runs of byte tokens in another way than the reference
 * (it drops a byte order mark, and keeps the valid part of a broken run). Streaming needs neither window nor re-decoding
 * when each step of the chain keeps its own state, so whole sequences go through here as well.
 * Reference: the Rust crate `tokenizers`, module `decoders`.
 */
import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { sizedText } from '#engine/contract/sized.ts';

/** A decoding under way: what `push` and `finish` return, joined, is the text of all tokens pushed. */
export interface TextDecoding<Token> {
  /** The text that is certain after this token: '' while a character is incomplete. */
  push(token: Token): string;
  /** The text still held back; the decoding is over. */
  finish(): string;
}

interface Step {
  push(piece: string, output: string[]): void;
  finish(output: string[]): void;
}

const stepSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ByteLevel') }),
  z.object({ type: z.literal('ByteFallback') }),
  z.object({ type: z.literal('Fuse') }),
  z.object({
    type: z.literal('Strip'),
    content: z.string(),
    start: z.int().nonnegative(),
    stop: z.int().nonnegative(),
  }),
  z.object({
    type: z.literal('Replace'),
    pattern: z.object({ String: sizedText(1, Infinity) }),
    content: z.string(),
  }),
  z.object({
    type: z.literal('Metaspace'),
    replacement: z.string().default('▁'),
    prepend_scheme: z.enum(['always', 'first', 'never']).optional(),
    add_prefix_space: z.boolean().default(true),
  }),
  z.object({
    type: z.literal('WordPiece'),
    prefix: z.string().default('##'),
    cleanup: z.boolean().default(true),
  }),
  z.object({ type: z.literal('BPEDecoder'), suffix: z.string().default('</w>') }),
]);
const sequenceSchema = z.object({ type: z.literal('Sequence'), decoders: z.array(z.unknown()) });

type StepConfig = z.infer<typeof stepSchema>;

/**
 * Reads the `decoder` part of tokenizer.json; null, as in Rust, sets a space between tokens.
 * Gives a function that starts a decoding, or says which decoder is not known.
 */
export function readTokenDecoder(config: unknown): Outcome<() => TextDecoding<string>> {
  const configs = flatten(config ?? null);
  if (!configs.ok) return configs;
  const starts: (() => Step)[] = [];
  // After these the reference holds one long piece, of which a stream sees fragments.
  let isFused = false;
  for (const step of configs.value) {
    if (step.type === 'Fuse') {
      isFused = true;
      continue;
    }
    if (!isFused) starts.push(() => startStep(step));
    else if (step.type === 'Strip' && step.stop === 0) starts.push(() => stripBeginning(step));
    else return unsupported(`${step.type} after the pieces are joined`);
    if (step.type === 'ByteLevel') isFused = true;
  }
  if (config === null || config === undefined) starts.push(spaceBetween);
  return ok(() => runSteps(starts.map((start) => start())));
}

function flatten(config: unknown): Outcome<readonly StepConfig[]> {
  if (config === null) return ok([]);
  const sequence = sequenceSchema.safeParse(config);
  if (sequence.success) {
    const steps: StepConfig[] = [];
    for (const inner of sequence.data.decoders) {
      const flat = flatten(inner);
      if (!flat.ok) return flat;
      steps.push(...flat.value);
    }
    return ok(steps);
  }
  const step = stepSchema.safeParse(config);
  if (step.success) return ok([step.data]);
  return unsupported(JSON.stringify(config)?.slice(0, 80) ?? 'nothing');
}

function unsupported(what: string): Outcome<never> {
  return fail(
    error(
      'tokenizer-unreadable',
      `The tokenizer's decoder is not one that Patchbay knows (${what}): choose another checkpoint.`,
    ),
  );
}

function runSteps(steps: readonly Step[]): TextDecoding<string> {
  const run = (first: readonly string[], isEnd: boolean): string => {
    let pieces = first;
    for (const step of steps) {
      const output: string[] = [];
      for (const piece of pieces) step.push(piece, output);
      if (isEnd) step.finish(output);
      pieces = output;
    }
    return pieces.join('');
  };
  return { push: (token) => run([token], false), finish: () => run([], true) };
}

function startStep(config: Exclude<StepConfig, { type: 'Fuse' }>): Step {
  switch (config.type) {
    case 'ByteLevel':
      return joinBytes();
    case 'ByteFallback':
      return joinByteTokens();
    case 'Strip':
      return eachPiece((piece) => stripPiece(piece, config));
    case 'Replace':
      return eachPiece((piece) => piece.replaceAll(config.pattern.String, () => config.content));
    case 'Metaspace':
      return spaceWords(config);
    case 'WordPiece':
      return joinWordPieces(config);
    case 'BPEDecoder':
      return spaceAtSuffix(config.suffix);
  }
}

function eachPiece(change: (piece: string, isFirst: boolean) => string): Step {
  let isFirst = true;
  return {
    push: (piece, output) => {
      output.push(change(piece, isFirst));
      isFirst = false;
    },
    finish: () => undefined,
  };
}

/** GPT-2's byte alphabet: bytes that print stand for themselves, the others for U+0100 and on, in order. */
const byteOfCharacter: ReadonlyMap<string, number> = (() => {
  const map = new Map<string, number>();
  let next = 0x100;
  for (let byte = 0; byte < 256; byte += 1) {
    const prints = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad && byte <= 0xff);
    map.set(String.fromCharCode(prints ? byte : next), byte);
    if (!prints) next += 1;
  }
  return map;
})();

/** Reads pieces as bytes of UTF-8; broken sequences become U+FFFD, as the Encoding standard says. */
function joinBytes(): Step {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const encoder = new TextEncoder();
  return {
    push: (piece, output) => {
      const bytes: number[] = [];
      for (const character of piece) {
        const byte = byteOfCharacter.get(character);
        if (byte === undefined) {
          // A piece with any other character (an added token such as <图>) is text, not bytes.
          output.push(decoder.decode(encoder.encode(piece), { stream: true }));
          return;
        }
        bytes.push(byte);
      }
      output.push(decoder.decode(Uint8Array.from(bytes), { stream: true }));
    },
    finish: (output) => {
      output.push(decoder.decode());
    },
  };
}

const byteTokenPattern = /^<0x([0-9A-Fa-f]{2})>$/;

/** Reads a run of `<0xNN>` tokens as UTF-8 once the run is over; each byte of a broken run becomes U+FFFD. */
function joinByteTokens(): Step {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let run: number[] = [];
  const flush = (output: string[]): void => {
    if (run.length === 0) return;
    const bytes = Uint8Array.from(run);
    if (isUtf8(bytes)) output.push(decoder.decode(bytes));
    else output.push('\uFFFD'.repeat(run.length));
    run = [];
  };
  return {
    push: (piece, output) => {
      const byte = byteTokenPattern.exec(piece)?.[1];
      if (byte !== undefined) {
        run.push(Number.parseInt(byte, 16));
        return;
      }
      flush(output);
      output.push(piece);
    },
    finish: flush,
  };
}

interface Strip {
  readonly content: string;
  readonly start: number;
  readonly stop: number;
}

function stripPiece(piece: string, { content, start, stop }: Strip): string {
  let text = piece;
  for (let cut = 0; cut < start && text.startsWith(content); cut += 1) {
    text = text.slice(content.length);
  }
  for (let cut = 0; cut < stop && text.endsWith(content); cut += 1) {
    text = text.slice(0, text.length - content.length);
  }
  return text;
}

/** Strips the beginning of a text that arrives in fragments. */
function stripBeginning({ content, start }: Strip): Step {
  let left = start;
  return {
    push: (fragment, output) => {
      let text = fragment;
      while (left > 0 && text.startsWith(content)) {
        text = text.slice(content.length);
        left -= 1;
      }
      if (text !== '') left = 0;
      output.push(text);
    },
    finish: () => undefined,
  };
}

function spaceWords(config: Extract<StepConfig, { type: 'Metaspace' }>): Step {
  const scheme = config.prepend_scheme ?? (config.add_prefix_space ? 'always' : 'never');
  return eachPiece((piece, isFirst) =>
    piece.replaceAll(config.replacement, isFirst && scheme !== 'never' ? '' : ' '),
  );
}

const contractions: readonly (readonly [string, string])[] = [
  [' .', '.'],
  [' ?', '?'],
  [' !', '!'],
  [' ,', ','],
  [" ' ", "'"],
  [" n't", "n't"],
  [" 'm", "'m"],
  [' do not', " don't"],
  [" 's", "'s"],
  [" 've", "'ve"],
  [" 're", "'re"],
];

/** The clean-up looks at one piece at a time, as in the reference. */
function joinWordPieces({ prefix, cleanup }: Extract<StepConfig, { type: 'WordPiece' }>): Step {
  return eachPiece((piece, isFirst) => {
    let text = piece;
    if (!isFirst) text = piece.startsWith(prefix) ? piece.slice(prefix.length) : ` ${piece}`;
    if (cleanup) for (const [loose, tight] of contractions) text = text.replaceAll(loose, tight);
    return text;
  });
}

/** A suffix ends a word: a space between words, nothing after the last, so one piece is held back. */
function spaceAtSuffix(suffix: string): Step {
  let held: string | null = null;
  return {
    push: (piece, output) => {
      if (held !== null) output.push(held.replaceAll(suffix, ' '));
      held = piece;
    },
    finish: (output) => {
      if (held !== null) output.push(held.replaceAll(suffix, ''));
    },
  };
}

function spaceBetween(): Step {
  return eachPiece((piece, isFirst) => (isFirst ? piece : ` ${piece}`));
}
