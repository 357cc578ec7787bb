/** A picture with three lines in known places, read by Tesseract itself. */
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { valueOf } from '#verify/value-of.testing.ts';
import { decodeImage, type RgbImage } from '../images/decode-image.ts';
import { cutRegion } from './cut-region.ts';
import { maxReadSide, openTextReader, type Reading, type TextReader } from './text-reader.ts';
import type { TextBox, TextLine } from './text-line.ts';

const reading: Reading = { language: 'eng', lies: 'scattered', leastConfidence: 60, enlarge: 1 };

/** Where the ink of each line begins and ends, as it was drawn. */
const written: readonly Omit<TextLine, 'block'>[] = [
  { text: 'Platform 7', box: { left: 33, top: 46, right: 193, bottom: 70 } },
  { text: 'Coffee and cake', box: { left: 251, top: 162, right: 443, bottom: 180 } },
  { text: 'Opens at nine', box: { left: 41, top: 286, right: 165, bottom: 304 } },
];

let signs: RgbImage;
beforeAll(async () => {
  signs = valueOf(await decodeImage(join(import.meta.dirname, 'signs.testing.png')));
});

const area = ({ left, top, right, bottom }: TextBox): number =>
  Math.max(0, right - left) * Math.max(0, bottom - top);

/** What two boxes have in common, as a share of what they cover together. */
function overlap(one: TextBox, other: TextBox): number {
  const common = area({
    left: Math.max(one.left, other.left),
    top: Math.max(one.top, other.top),
    right: Math.min(one.right, other.right),
    bottom: Math.min(one.bottom, other.bottom),
  });
  return common / (area(one) + area(other) - common);
}

const plain = (width: number, height: number): RgbImage => ({
  width,
  height,
  data: new Uint8Array(3 * width * height).fill(200),
});

/** Threads that were started and have not ended. */
const threads = new Set<Worker>();
const note = (thread: Worker): void => {
  threads.add(thread);
  thread.once('exit', () => threads.delete(thread));
};
beforeEach(() => void process.on('worker', note));
afterEach(() => {
  process.off('worker', note);
  expect(threads.size).toBe(0);
});

async function read(image: RgbImage, changed: Partial<Reading> = {}) {
  const reader = valueOf(await openTextReader({ ...reading, ...changed }, never));
  const lines = await reader.read(image);
  await reader.close();
  return lines;
}

const never = { signal: new AbortController().signal };

it.each([
  ['anywhere', {}],
  ['as on a page', { lies: 'page' }],
  ['at twice the size', { enlarge: 2 }],
] as const)('%s, every line is read and lies where it was written', async (_, changed) => {
  const lines = valueOf(await read(signs, changed));
  expect(lines.map(({ text }) => text)).toEqual(written.map(({ text }) => text));
  for (const [index, { box }] of lines.entries())
    expect(overlap(box, written[index]?.box as TextBox)).toBeGreaterThan(0.85);
});

describe('with one reader', () => {
  let reader: TextReader;
  beforeAll(async () => {
    reader = valueOf(await openTextReader(reading, never));
  });
  afterAll(() => reader.close());

  it('a crop holds the words that it was cut out for, and no others', async () => {
    for (const { text, box } of written) {
      const lines = valueOf(await reader.read(cutRegion(signs, box, 1)));
      expect(lines.map((line) => line.text)).toEqual([text]);
    }
  });

  it('a picture without text, however small, has no lines', async () => {
    for (const [width, height] of [
      [120, 80],
      [2, 300],
      [1, 1],
    ] as const)
      expect(await reader.read(plain(width, height))).toEqual({ ok: true, value: [] });
  });

  it.each([
    [600, 20],
    [20, 600],
    [65, 1],
  ])('a picture of %i × %i pixels without sense is read to its end', async (width, height) => {
    const data = Uint8Array.from({ length: 3 * width * height }, (_, index) => (index * 37) % 256);
    expect(await reader.read({ width, height, data })).toMatchObject({ ok: true });
  });

  it('a picture that is too long is told before it is read', async () => {
    expect(await reader.read(plain(1, maxReadSide + 1))).toMatchObject({
      ok: false,
      problems: [
        {
          code: 'stage-failed',
          port: 'image',
          message:
            'The picture has 1 × 32768 pixels, more than the limit of 32767 a side and 33 million in all for reading text; scale it down first.',
        },
      ],
    });
  });
});

it('words of which Tesseract is not sure enough are left out', async () => {
  expect(await read(signs, { leastConfidence: 100 })).toEqual({ ok: true, value: [] });
});

it('a language without data is told with what to install', async () => {
  expect(await openTextReader({ ...reading, language: 'deu_frak' }, never)).toMatchObject({
    ok: false,
    problems: [
      {
        code: 'reader-missing',
        param: 'language',
        message:
          'To read the language "deu_frak", its data has to be installed beside Patchbay: npm install @tesseract.js-data/deu_frak.',
      },
    ],
  });
});

const cancelled = { ok: false, problems: [{ code: 'run-cancelled' }] };

it('a run that is cancelled while a picture is read waits no longer, and leaves no thread', async () => {
  const cancel = new AbortController();
  const reader = valueOf(await openTextReader(reading, cancel));
  const lines = reader.read(plain(4000, 4000));
  cancel.abort();
  expect(await lines).toMatchObject(cancelled);
  await reader.close();
});

it('a run that is cancelled before the reader is open leaves no thread either', async () => {
  const cancel = new AbortController();
  const opening = openTextReader(reading, cancel);
  process.once('worker', () => cancel.abort());
  expect(await opening).toMatchObject(cancelled);
});

it('a run that is cancelled before anything is started leaves no thread', async () => {
  expect(await openTextReader(reading, { signal: AbortSignal.abort() })).toMatchObject(cancelled);
});

it('a picture that takes too long is told', async () => {
  const reader = valueOf(await openTextReader(reading, { ...never, deadlineMs: 0 }));
  expect(await reader.read(plain(4000, 4000))).toMatchObject({
    ok: false,
    problems: [
      {
        code: 'stage-failed',
        message:
          'Reading the picture took more than 0 seconds; cut it to what matters, or scale it down first.',
      },
    ],
  });
  await reader.close();
});

it('a thread that ends by itself is told, and nobody waits for it', async () => {
  const reader = valueOf(await openTextReader(reading, never));
  const lines = reader.read(plain(4000, 4000));
  for (const thread of threads) await thread.terminate();
  expect(await lines).toMatchObject({
    ok: false,
    problems: [
      { code: 'stage-failed', message: expect.stringMatching(/its thread ended/) as string },
    ],
  });
  await reader.close();
});
