/** Changes bytes as damage, mistakes and malice do. */
import type { RandomSource } from '#engine/seeded-random.ts';
import { below, oneOf } from './random-choice.ts';

/** At such values, counts and lengths go wrong. */
const oddNumbers = [
  0,
  1,
  2,
  3,
  7,
  8,
  15,
  16,
  31,
  32,
  63,
  64,
  100,
  127,
  128,
  255,
  256,
  1000,
  1023,
  1024,
  4095,
  4096,
  32_767,
  32_768,
  65_535,
  65_536,
  2 ** 24,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
] as const;

/** What means something to one of the readers. */
const oddTexts: readonly string[] = [
  ...String.raw`{ } [ ] " , : \ \u0000 \ud800 null true -0 1e999 -1 0.5 9007199254740993 "" {} []`.split(
    ' ',
  ),
  ...'"__proto__" "constructor" "toString" "length" "then" \uFEFF \uFFFD \0 \n \u001B[2J'.split(
    ' ',
  ),
  ...'{{ }} {% %} {%- for endfor if endif set loop | ** ~ range( namespace( macro'.split(' '),
  ...String.raw`raise_exception( ../ /dev/zero file: (a+)+$ (?= \p{L} [^ {1,99999} \s+`.split(' '),
  ...'<image> {prompt} ▁ Ġ </s> <0xFF>'.split(' '),
];

type Change = (bytes: Buffer, random: RandomSource, donor: Buffer) => Buffer;

const changes: readonly [Change, ...Change[]] = [
  flipBit,
  flipBit,
  setByte,
  setWord,
  removeRange,
  doubleRange,
  insertNoise,
  insertText,
  insertText,
  changeDigits,
  changeDigits,
  cutOff,
  splice,
];

/** One change or a few; `donor` is another content of the kind, of which parts may be taken. */
export function mutateBytes(bytes: Buffer, random: RandomSource, donor: Buffer): Buffer {
  let changed = bytes;
  do changed = oneOf(random, changes)(changed, random, donor);
  while (random() < 0.5);
  return changed;
}

function flipBit(bytes: Buffer, random: RandomSource): Buffer {
  const at = below(random, bytes.length);
  return withByte(bytes, at, (bytes[at] ?? 0) ^ (1 << below(random, 8)));
}

function setByte(bytes: Buffer, random: RandomSource): Buffer {
  return withByte(bytes, below(random, bytes.length), below(random, 256));
}

function withByte(bytes: Buffer, at: number, value: number): Buffer {
  const changed = Buffer.from(bytes);
  if (at < changed.length) changed[at] = value;
  return changed;
}

/** In either order of bytes. */
function setWord(bytes: Buffer, random: RandomSource): Buffer {
  const width = oneOf(random, [2, 4] as const);
  if (bytes.length < width) return bytes;
  const changed = Buffer.from(bytes);
  const value = oneOf(random, oddNumbers) % 2 ** (width * 8);
  const at = below(random, bytes.length - width + 1);
  if (random() < 0.5) changed.writeUIntLE(value, at, width);
  else changed.writeUIntBE(value, at, width);
  return changed;
}

/** Mostly short, at times anything. */
function rangeIn(bytes: Buffer, random: RandomSource): readonly [start: number, end: number] {
  const start = below(random, bytes.length + 1);
  const most = random() < 0.8 ? 16 : bytes.length;
  return [start, Math.min(bytes.length, start + 1 + below(random, most))];
}

function removeRange(bytes: Buffer, random: RandomSource): Buffer {
  const [start, end] = rangeIn(bytes, random);
  return Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]);
}

function doubleRange(bytes: Buffer, random: RandomSource): Buffer {
  const [start, end] = rangeIn(bytes, random);
  const times = random() < 0.95 ? 1 : below(random, 200);
  const again = Array.from({ length: times }, () => bytes.subarray(start, end));
  // A content that doubles from change to change would only cost time.
  return Buffer.concat([bytes.subarray(0, end), ...again, bytes.subarray(end)]).subarray(
    0,
    bytes.length + 65_536,
  );
}

function inserted(bytes: Buffer, at: number, piece: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)]);
}

function insertNoise(bytes: Buffer, random: RandomSource): Buffer {
  const noise = Buffer.from(
    Array.from({ length: 1 + below(random, 16) }, () => below(random, 256)),
  );
  return inserted(bytes, below(random, bytes.length + 1), noise);
}

function insertText(bytes: Buffer, random: RandomSource): Buffer {
  const text = oneOf(random, oddTexts) ?? '';
  const times = random() < 0.95 ? 1 : below(random, 2000);
  return inserted(bytes, below(random, bytes.length + 1), Buffer.from(text.repeat(times)));
}

/** A number that is written out becomes another. */
function changeDigits(bytes: Buffer, random: RandomSource): Buffer {
  const from = below(random, bytes.length + 1);
  const isDigit = (at: number): boolean => (bytes[at] ?? 0) >= 0x30 && (bytes[at] ?? 0) <= 0x39;
  let start = from;
  while (start < bytes.length && !isDigit(start)) start++;
  if (start === bytes.length) return bytes;
  let end = start;
  while (isDigit(end)) end++;
  const number = Buffer.from(`${random() < 0.2 ? '-' : ''}${oneOf(random, oddNumbers)}`);
  return Buffer.concat([bytes.subarray(0, start), number, bytes.subarray(end)]);
}

function cutOff(bytes: Buffer, random: RandomSource): Buffer {
  return bytes.subarray(0, below(random, bytes.length));
}

/** The beginning of one and the end of the other. */
function splice(bytes: Buffer, random: RandomSource, donor: Buffer): Buffer {
  return Buffer.concat([
    bytes.subarray(0, below(random, bytes.length)),
    donor.subarray(below(random, donor.length)),
  ]);
}
