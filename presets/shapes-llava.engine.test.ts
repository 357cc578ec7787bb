/** The model that comes with Patchbay answers as it did in the reference library, at every precision it is offered in. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GraphDocument } from '#engine/contract/document.ts';
import { StageCache } from '#host/cache/stage-cache.ts';
import { readPreset } from '#host/presets.ts';
import { ModelLoader } from '#host/sessions/load-model.ts';
import { atPrecision } from '../bench/at-precision.ts';
import { ask, measureAccuracy, readQuestions } from '../bench/shapes-questions.ts';

const questions = await readQuestions();
const cacheFolder = await mkdtemp(join(os.tmpdir(), 'patchbay-shapes-'));
let loader: ModelLoader;
let preset: GraphDocument;

beforeAll(async () => {
  const cache = await StageCache.open(cacheFolder);
  const document = await readPreset('shapes-llava');
  if (!cache.ok || !document.ok) throw new Error('The cache or the preset cannot be opened.');
  loader = new ModelLoader(cache.value);
  preset = document.value;
});

afterAll(async () => {
  await loader.keepOnly(new Set());
  await rm(cacheFolder, { recursive: true });
});

describe('shapes-llava', () => {
  test('answers all 1,000 questions token for token as the reference', async () => {
    const different: string[] = [];
    for (const question of questions) {
      const { text, tokenIds } = await ask(preset, question, loader);
      const same =
        tokenIds.join() === question.model_tokens.join() && text === question.model_answer;
      if (!same)
        different.push(`${question.question} → ${text}, reference: ${question.model_answer}`);
    }
    expect(different).toEqual([]);
  });

  // docs/shapes-llava.md has the accuracy on all questions at every block size: `npm run bench:accuracy`.
  test.for([
    ['int8', '32'],
    ['int4', '32'],
    ['int4', '128'],
  ] as const)('keeps its accuracy in %s with blocks of %s', async ([precision, blockSize]) => {
    const some = questions.filter((_, index) => index % 5 === 0);
    const document = atPrecision(preset, precision, blockSize);
    expect(await measureAccuracy(document, some, loader)).toBeGreaterThan(0.99);
  });
});
