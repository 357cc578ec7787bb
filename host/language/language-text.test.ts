import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { LanguageModelStep } from '#engine/node/host-step.ts';
import { pictureLayout, type PictureLayoutName } from '#nodes/language/picture-layouts.ts';
import { openLanguageText } from './language-text.ts';

const recorded = join(import.meta.dirname, '..', '..', 'verify', 'recorded', 'pipeline');

async function opened(name: string, layout: PictureLayoutName): Promise<string> {
  const step: Partial<LanguageModelStep> = {
    template: '<image>{prompt}',
    text: { kind: 'checkpoint', folder: join(recorded, name) },
    pictureLayout: pictureLayout(layout),
    graphs: { vocabularySize: 1000, contextLength: 1000 } as LanguageModelStep['graphs'],
  };
  const text = await openLanguageText(step as LanguageModelStep, '');
  return text.ok ? 'opened' : (text.problems[0]?.message ?? '');
}

it('a layout whose tokens the tokenizer does not know is refused', async () => {
  expect(await opened('smolvlm', 'idefics3')).toBe('opened');
  expect(await opened('mistral3-pixtral', 'pixtral')).toBe('opened');
  expect(await opened('llava-clip-llama', 'llava-uhd')).toBe('opened');
  expect(await opened('llava-clip-llama', 'internvl')).toMatch(/has no token <img>, which/);
  expect(await opened('llava-clip-llama', 'pixtral')).toMatch(/has no token \[IMG_END\]/);
});
