/** A draft that means other words by the same ids is refused before anything is loaded. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { WeightsChoice } from '#engine/contract/sources.ts';
import type { LanguageModelStep } from '#engine/node/host-step.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { openTokenizer } from '../text/open-tokenizer.ts';
import { checkpointFolder } from '../weights/checkpoint-folder.ts';
import { checkDraftVocabulary } from './draft-vocabulary.ts';

const shapes = checkpointFolder('builtin:shapes-llava', '');
const vocabularySize = 1024;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'draft-vocabulary-'));
  await cp(checkpointFolder('builtin:shapes-draft', ''), folder, { recursive: true });
});
afterEach(() => rm(folder, { recursive: true }));

interface TokenizerFile {
  readonly model: { readonly vocab: Record<string, number> };
  readonly added_tokens: { id: number; content: string; special: boolean }[];
}

/** Changes the tokenizer of the draft. */
async function change(alter: (file: TokenizerFile) => void): Promise<void> {
  const path = join(folder, 'tokenizer.json');
  const file = JSON.parse(await readFile(path, 'utf8')) as TokenizerFile;
  alter(file);
  await writeFile(path, JSON.stringify(file));
}

async function checked(draft: WeightsChoice = { kind: 'checkpoint', folder }): Promise<string> {
  const step = {
    decoding: { kind: 'draft', text: draft },
    text: { kind: 'checkpoint', folder: shapes },
    graphs: { vocabularySize },
  } as unknown as LanguageModelStep;
  const tokenizer = valueOf(await openTokenizer(shapes));
  const outcome = await checkDraftVocabulary(step, tokenizer, '');
  return outcome.ok ? 'alike' : (outcome.problems[0]?.message ?? '');
}

const named = ({ model }: TokenizerFile, wanted: number): string =>
  Object.entries(model.vocab).find(([, id]) => id === wanted)?.[0] as string;

it('the same tokenizer is the same, however it is spelled', async () => {
  expect(await checked({ kind: 'checkpoint', folder: shapes })).toBe('alike');
  expect(await checked()).toBe('alike');
  await change(() => undefined);
  expect(await checked()).toBe('alike');
});

it('one of as many tokens that has two of them the other way round is refused by the first of them', async () => {
  let [one, other] = ['', ''];
  await change((file) => {
    [one, other] = [named(file, 280), named(file, 301)];
    file.model.vocab[one] = 301;
    file.model.vocab[other] = 280;
  });
  expect(await checked()).toBe(
    `The draft model's tokenizer writes token 280 as "${other}", the language model's as "${one}"; choose a draft model with the same tokenizer.`,
  );
});

it('a special token may have another name, and tokens that only one of them names are not compared', async () => {
  await change((file) => {
    const image = file.added_tokens.find(({ content }) => content === '<image>');
    if (image) image.content = '<reserved>';
    delete file.model.vocab['<image>'];
    file.model.vocab['<reserved>'] = image?.id ?? 0;
  });
  await rm(join(folder, 'tokenizer_config.json'));
  expect(await checked()).toBe('alike');
});

it('random weights and a folder without a tokenizer have nothing that could differ', async () => {
  expect(await checked({ kind: 'random', seed: 0 })).toBe('alike');
  await rm(join(folder, 'tokenizer.json'));
  expect(await checked()).toBe('alike');
});

it('a tokenizer that cannot be read is told', async () => {
  await writeFile(join(folder, 'tokenizer.json'), '{');
  expect(await checked()).toMatch(/tokenizer\.json/);
});
