/** The model that comes with Patchbay answers as it did in the reference library, at every precision it is offered in. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GraphDocument } from '#engine/contract/document.ts';
import { readPreset } from '#host/presets.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { Workbench } from '#verify/workbench.ts';
import { atCacheFormat } from '../bench/at-cache-format.ts';
import { atPrecision } from '../bench/engine/at-precision.ts';
import { differentAnswers, measureAccuracy, readQuestions } from '../bench/shapes-questions.ts';

const questions = await readQuestions();
let bench: Workbench;
let preset: GraphDocument;

beforeAll(async () => {
  bench = valueOf(await Workbench.open());
  preset = valueOf(await readPreset('shapes-llava'));
});

afterAll(() => bench.close());

describe('shapes-llava', () => {
  test('answers all 1,000 questions token for token as the reference', async () => {
    expect(questions).toHaveLength(1_000);
    expect(await differentAnswers(preset, questions, bench.loader)).toEqual([]);
  });

  // docs/shapes-llava.md has the accuracy on all questions at every block size: `npm run bench:accuracy`.
  test.for([
    ['int8 with blocks of 32', 'int8', '32'],
    ['int4 with blocks of 32', 'int4', '32'],
    ['int4 with blocks of 128', 'int4', '128'],
    ['w8a8', 'w8a8', undefined],
  ] as const)('keeps its accuracy in %s', async ([, precision, blockSize]) => {
    const some = questions.filter((_, index) => index % 5 === 0);
    const document = atPrecision(preset, precision, blockSize);
    const { accuracy } = await measureAccuracy(document, some, bench.loader);
    expect(accuracy).toBeGreaterThan(0.99);
  });

  test.for(['float16', 'int8'])('keeps its accuracy with a KV cache of %s', async (format) => {
    const some = questions.filter((_, index) => index % 10 === 0);
    const document = atCacheFormat(preset, format);
    const { accuracy } = await measureAccuracy(document, some, bench.loader);
    expect(accuracy).toBeGreaterThan(0.98);
  });
});
