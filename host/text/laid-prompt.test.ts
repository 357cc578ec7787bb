/** Recorded questions in their own chat templates, with the views of a picture laid out. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import type { View } from '#engine/node/view.ts';
import { pictureLayout, type PictureLayoutName } from '#nodes/language/picture-layouts.ts';
import { openChatTemplate } from './chat-template.ts';
import { isShare, layOutViews } from './lay-out-views.ts';
import { buildPrompt } from './prompt.ts';
import { openTokenizer } from './open-tokenizer.ts';

const recorded = join(import.meta.dirname, '..', '..', 'verify', 'recorded', 'pipeline');
const caseSchema = z.object({ prompt_tokens: z.array(z.string()) });

const view = (role: View['role'], row = 0, column = 0): View => ({
  item: 0,
  media: 'image',
  role,
  row,
  column,
  original: { width: 90, height: 61 },
});
const whole = [view('whole')];
const tiled = [0, 1].flatMap((row) => [0, 1].map((column) => view('tile', row, column)));

interface Laid {
  readonly name: string;
  readonly layout: PictureLayoutName;
  readonly views: readonly View[];
  /** Of one view's tokens. */
  readonly rows: number;
  readonly count: number;
  /** Begin-of-text tokens as recorded, where the processor added one to that of the template. */
  readonly begins?: number;
}

const cases: readonly Laid[] = [
  { name: 'idefics3', layout: 'idefics3', views: [...tiled, ...whole], rows: 2, count: 4 },
  { name: 'smolvlm', layout: 'idefics3', views: [...tiled, ...whole], rows: 2, count: 4 },
  { name: 'internvl', layout: 'internvl', views: [...tiled, ...whole], rows: 2, count: 4 },
  { name: 'idefics2', layout: 'idefics2', views: whole, rows: 1, count: 5 },
  { name: 'mistral3-pixtral', layout: 'pixtral', views: whole, rows: 3, count: 12 },
  { name: 'gemma3', layout: 'gemma3', views: [view('whole')], rows: 2, count: 4, begins: 2 },
];

it.each(cases)(
  '$name reads the recorded tokens where its chat template asks the question',
  async ({ name, layout, views, rows, count, begins = 1 }) => {
    const folder = join(recorded, name);
    const tokenizer = await openTokenizer(folder);
    if (!tokenizer.ok) throw new Error(name);
    const laid = layOutViews(pictureLayout(layout), views, rows);
    const prompt = buildPrompt({
      tokenizer: tokenizer.value,
      template: null,
      chat: await openChatTemplate(folder),
      prompt: 'What is in the picture?',
      runs: ['image'],
      marker: pictureLayout(layout).marker,
      laid: [laid],
    });
    if (!prompt.ok) throw new Error(prompt.problems[0]?.message);
    const { imageTokenId } = tokenizer.value;
    const shares = laid
      .filter(isShare)
      .map((piece) => (piece.kind === 'row' ? count / rows : count * (piece.to - piece.from)));
    const ids = prompt.value.segments.flatMap((segment) =>
      segment.kind === 'words'
        ? segment.ids
        : Array<number>(shares[segment.run] ?? 0).fill(imageTokenId as number),
    );
    const text = await readFile(join(folder, 'case.json'), 'utf8');
    const tokens = caseSchema.parse(JSON.parse(text)).prompt_tokens;
    expect(ids.map((id) => tokenizer.value.tokenOf(id))).toEqual(tokens.slice(begins - 1));
  },
);

it('separators of slices are the tokens of the signs themselves where pictures have no token', async () => {
  const root = await mkdtemp(join(tmpdir(), 'patchbay-laid-'));
  const source = join(recorded, '..', 'tokenizer', 'sentencepiece-bpe-llama');
  const json = await readFile(join(source, 'tokenizer.json'), 'utf8');
  await writeFile(join(root, 'tokenizer.json'), json.replaceAll('"<image>"', '"<picture>"'));
  const tokenizer = await openTokenizer(root);
  await rm(root, { recursive: true });
  if (!tokenizer.ok) throw new Error(tokenizer.problems[0]?.message);
  expect(tokenizer.value.imageTokenId).toBe(null);
  const laid = layOutViews(
    pictureLayout('llava-uhd'),
    tiled.map((tile) => ({ ...tile, role: 'slice' }) as const),
    1,
  );
  const request = { tokenizer: tokenizer.value, template: 'See <image>{prompt}', chat: null };
  const prompt = buildPrompt({ ...request, prompt: '', runs: ['image'], laid: [laid] });
  if (!prompt.ok) throw new Error(prompt.problems[0]?.message);
  const comma = { kind: 'words', ids: [tokenizer.value.idOf(',')] };
  const line = { kind: 'words', ids: [tokenizer.value.idOf('<0x0A>')] };
  const run = (index: number) => ({ kind: 'visual', run: index });
  expect(prompt.value.segments.slice(1)).toEqual([
    run(0),
    comma,
    run(1),
    line,
    run(2),
    comma,
    run(3),
  ]);
});
