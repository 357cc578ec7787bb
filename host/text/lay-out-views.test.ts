import { describe, expect, it } from 'vitest';
import type { View, ViewRole } from '#engine/node/view.ts';
import { pictureLayout, type PictureLayoutName } from '#nodes/language/picture-layouts.ts';
import { layOutRuns } from './lay-out-runs.ts';
import { layOutViews } from './lay-out-views.ts';

const view = (role: ViewRole, row = 0, column = 0): View => ({
  item: 0,
  media: 'image',
  role,
  row,
  column,
  original: { width: 10, height: 10 },
});

const whole = [view('whole')];
const tiles = [0, 1].flatMap((row) => [0, 1].map((column) => view('tile', row, column)));

/** Views as `*`, rows of tokens as `-`, several views in one share as `***`. */
function shown(name: PictureLayoutName, views: readonly View[], tokenRows = 1): string {
  return layOutViews(pictureLayout(name), views, tokenRows)
    .map((piece) => {
      if (piece.kind === 'text') return piece.text;
      if (piece.kind === 'before-word') return '';
      return piece.kind === 'row' ? '-' : '*'.repeat(piece.to - piece.from);
    })
    .join('');
}

describe('the views of a picture in a prompt', () => {
  it('are one share where nothing stands between them', () => {
    expect(shown('plain', [...tiles, ...whole])).toBe('*****');
    expect(shown('internvl', [...tiles, ...whole])).toBe('<img>*****</img>');
    expect(shown('janus', whole)).toBe('<begin_of_image>*<end_of_image>');
  });

  it('have a place each in Idefics3, a line a row, and the whole last', () => {
    const fake = '<fake_token_around_image>';
    expect(shown('idefics3', [...tiles, ...whole])).toBe(
      `${fake}<row_1_col_1>*${fake}<row_1_col_2>*\n${fake}<row_2_col_1>*${fake}<row_2_col_2>*\n\n${fake}<global-img>*${fake}`,
    );
    expect(shown('idefics3', whole)).toBe(`${fake}<global-img>*${fake}`);
    expect(shown('idefics2', [...tiles.slice(0, 2), ...whole])).toBe(
      `${fake}*${fake}*${fake}*${fake}`,
    );
  });

  it('are told apart by a sentence in Gemma 3', () => {
    const picture = '\n\n<start_of_image>*<end_of_image>\n\n';
    expect(shown('gemma3', whole)).toBe(picture);
    expect(shown('gemma3', [...whole, view('tile'), view('tile', 0, 1)])).toBe(
      `Here is the original image ${picture} and here are some crops to help you see better ${picture} ${picture}`,
    );
  });

  it('are separated by row and column in LLaVA-UHD', () => {
    const slices = tiles.map((tile): View => ({ ...tile, role: 'slice' }));
    expect(shown('llava-uhd', slices)).toBe('*,*\n*,*');
  });

  it('are cut into the rows of their tokens in Pixtral', () => {
    expect(shown('pixtral', whole, 3)).toBe('-[IMG_BREAK]-[IMG_BREAK]-[IMG_END]');
  });
});

describe('what a template spells out', () => {
  const laid = [layOutViews(pictureLayout('qwen2-vl'), whole, 1)];
  const run = { kind: 'run', run: 0, media: 'image' } as const;
  const texts = (before: string, behind: string): string =>
    layOutRuns([{ kind: 'template', text: before }, run, { kind: 'template', text: behind }], laid)
      .map((piece) => (piece.kind === 'run' ? `${piece.run}` : piece.text))
      .join('');

  it('is not added once more', () => {
    const spelled = 'user <|vision_start|>0<|vision_end|> Hi';
    expect(texts('user <|vision_start|>', '<|vision_end|> Hi')).toBe(spelled);
    expect(texts('user ', ' Hi')).toBe(spelled);
  });

  it('and a word behind a picture of Idefics2 is held apart', () => {
    const idefics2 = [layOutViews(pictureLayout('idefics2'), whole, 1)];
    const behind = (kind: 'template' | 'question', text: string) =>
      layOutRuns([run, { kind: 'template', text: '' }, { kind, text }], idefics2)
        .map((piece) => (piece.kind === 'run' ? '0' : piece.text))
        .join('');
    const fake = '<fake_token_around_image>';
    expect(behind('question', 'What')).toBe(`${fake}0${fake} What`);
    expect(behind('template', ' What')).toBe(`${fake}0${fake} What`);
    expect(behind('template', '<end_of_utterance>')).toBe(`${fake}0${fake}<end_of_utterance>`);
  });

  it('counts only where the template says it, not the question', () => {
    const asked = layOutRuns([{ kind: 'question', text: '<|vision_start|>' }, run], laid);
    expect(asked.map((piece) => (piece.kind === 'run' ? '0' : piece.text))).toEqual([
      '<|vision_start|>',
      '<|vision_start|>',
      '0',
      '<|vision_end|>',
    ]);
  });

  it('counts shares over all runs, in the order of the wires', () => {
    const two = [1, 2].map(() => layOutViews(pictureLayout('idefics2'), tiles.slice(2), 1));
    const pieces = layOutRuns([{ ...run, run: 1 }, run], two);
    expect(pieces.flatMap((piece) => (piece.kind === 'run' ? [piece.run] : []))).toEqual([
      2, 3, 0, 1,
    ]);
  });
});
