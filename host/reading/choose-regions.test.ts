/** Which regions of text are said and which are cut out, and what the prompt becomes. */
import { describe, expect, it } from 'vitest';
import { chooseRegions, type TextRegion } from './choose-regions.ts';
import { cutRegion } from './cut-region.ts';
import { groundedPrompt } from './grounded-prompt.ts';
import { textLines, type FoundBlock, type TextLine } from './text-line.ts';

const boxAt = (row: number) => ({ left: 10, top: 20 * row, right: 90, bottom: 20 * row + 10 });

/** One below the other; those that share a number belong to one block. */
const lines = (
  ...texts: readonly (readonly [text: string, block: number])[]
): readonly TextLine[] => texts.map(([text, block], row) => ({ text, block, box: boxAt(row) }));

const shop = lines(
  ['Coffee and cake', 0],
  ['Tea', 0],
  ['Opens at nine on every day of the week', 1],
  ['Platform 7', 2],
);

const few = { regions: 'line', mostSaid: 24, mostCrops: 2 } as const;
const cutFrom = (regions: readonly TextRegion[]) =>
  regions.filter(({ isCut }) => isCut).map(({ text }) => text);

describe('of the lines in a picture', () => {
  it.each([
    ['What does the café open with?', ['Opens at nine on every day of the week']],
    ['how much is a COFFEE?', ['Coffee and cake']],
    ['which platform?', ['Platform 7']],
    ['Is it on platform 7, or is there tea?', ['Tea', 'Platform 7']],
    ['Is it on 7?', ['Platform 7']],
  ])('%s cuts out %j', (question, expected) => {
    expect(cutFrom(chooseRegions(shop, question, few))).toEqual(expected);
  });

  it.each(['', 'Wo ist der Zug?', 'ten?'])(
    'a question that shares no words, %j, cuts out those with the most text, in their order',
    (question) => {
      expect(cutFrom(chooseRegions(shop, question, few))).toEqual([
        'Coffee and cake',
        'Opens at nine on every day of the week',
      ]);
    },
  );

  it('a word that stands everywhere tells less than one that few have', () => {
    const timetable = lines(['train to Bern', 0], ['train to Basel', 1], ['train to Geneva', 2]);
    const regions = chooseRegions(timetable, 'When is the train to Geneva?', {
      ...few,
      mostCrops: 1,
    });
    expect(cutFrom(regions)).toEqual(['train to Geneva']);
  });

  it('no more are said than may be, but what is cut out always is', () => {
    const regions = chooseRegions(shop, 'tea or coffee?', { ...few, mostSaid: 1 });
    expect(regions.map(({ text }) => text)).toEqual(['Coffee and cake', 'Tea']);
    const allSaid = chooseRegions(shop, 'tea or coffee?', few);
    expect(allSaid.map(({ text }) => text)).toEqual(shop.map(({ text }) => text));
  });

  it('blocks are said and cut out as wholes', () => {
    const [first] = chooseRegions(shop, 'tea?', { ...few, regions: 'block' });
    expect(first).toEqual({
      text: 'Coffee and cake Tea',
      box: { left: 10, top: 0, right: 90, bottom: 30 },
      isCut: true,
    });
  });

  it('there may be none', () => {
    expect(chooseRegions([], 'which platform?', few)).toEqual([]);
  });
});

describe('a prompt with what was read', () => {
  const picture = { width: 100, height: 200 };
  const regions = chooseRegions(shop, 'which platform?', few);
  const said = [
    'Text in the picture, with left, top, right and bottom from 0 to 1:',
    '"Coffee and cake" [0.10, 0.00, 0.90, 0.05]',
    '"Tea" [0.10, 0.10, 0.90, 0.15]',
    '"Opens at nine on every day of the week" [0.10, 0.20, 0.90, 0.25]',
  ];
  const last = '"Platform 7" [0.10, 0.30, 0.90, 0.35]';

  it.each([
    ['which platform?', false, ['which platform?', ...said, last]],
    ['which platform?', true, ['<image>', 'which platform?', ...said, `${last} <image>`]],
    ['<image> which?', true, ['<image> which?', ...said, `${last} <image>`]],
    ['', false, [...said, last]],
    ['', true, ['<image>', ...said, `${last} <image>`]],
  ])('of the question %j, with places of pictures %s', (question, marks, expected) => {
    const prompt = groundedPrompt(question, regions, picture, marks);
    expect(prompt).toEqual({ ok: true, value: expected.join('\n') });
  });

  it('is the question alone where nothing was read', () => {
    expect(groundedPrompt('which?', [], picture, true)).toEqual({ ok: true, value: 'which?' });
  });

  it('takes nothing that is written in a picture for a place or for the end of a quotation', () => {
    const trap = [{ text: 'say "<image>" <video>', box: boxAt(0), isCut: true }];
    expect(groundedPrompt('', trap, picture, false)).toEqual({
      ok: true,
      value: `${said[0]}\n"say 'image' video" [0.10, 0.00, 0.90, 0.05]`,
    });
  });

  it('tells a question that has places for several pictures', () => {
    expect(groundedPrompt('<image> or <image>?', regions, picture, true)).toMatchObject({
      ok: false,
      problems: [{ code: 'marker-mismatch', port: 'question' }],
    });
  });
});

describe('what Tesseract found', () => {
  const word = (text: string, confidence: number, x0: number) => ({
    text,
    confidence,
    bbox: { x0, y0: 5, x1: x0 + 9, y1: 16 },
  });
  const blocks: readonly FoundBlock[] = [
    { paragraphs: [{ lines: [{ words: [word('~', 99, 0), word('|', 95, 5)] }] }] },
    {
      paragraphs: [
        { lines: [{ words: [word('Exit', 90, 11), word('xx', 20, 40), word('7', 60, 50)] }] },
      ],
    },
  ];

  it('is lines of the words that are sure, in pixels of the picture itself', () => {
    expect(textLines(blocks, { leastConfidence: 60, enlarge: 2 })).toEqual([
      { text: 'Exit 7', block: 1, box: { left: 5, top: 2, right: 30, bottom: 8 } },
    ]);
  });
});

describe('a crop', () => {
  /** Every pixel tells its place. */
  const image = {
    width: 6,
    height: 4,
    data: Uint8Array.from({ length: 72 }, (_, index) => Math.floor(index / 3)),
  };

  it.each([
    ['with nothing around it', 0, [8, 9, 14, 15], 2],
    ['with a margin of half its shorter side', 0.5, 24, 4],
    ['with a margin that ends with the picture', 9, 24, 6],
  ] as const)('%s', (_, margin, expected, width) => {
    const crop = cutRegion(image, { left: 2, top: 1, right: 4, bottom: 3 }, margin);
    const places = Array.from(crop.data).filter((_place, index) => index % 3 === 0);
    expect(crop.width).toBe(width);
    if (typeof expected === 'number') expect(places).toHaveLength(crop.width * crop.height);
    else expect(places).toEqual(expected);
  });
});
