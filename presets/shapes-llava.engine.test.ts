/** The model that comes with Patchbay answers as it did in the reference library, at every precision it is offered in. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GraphDocument } from '#engine/contract/document.ts';
import { readPreset } from '#host/presets.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { Workbench } from '#verify/workbench.ts';
import { atPrecision } from '../bench/at-precision.ts';
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
  test('answers every tenth question token for token as the reference', async () => {
    const some = questions.filter((_, index) => index % 10 === 0);
    expect(await differentAnswers(preset, some, bench.loader)).toEqual([]);
  });

  test.for([
    ['int8', '32'],
    ['int4', '128'],
  ] as const)('answers well in %s with blocks of %s', async ([precision, blockSize]) => {
    const few = questions.filter((_, index) => index % 50 === 0);
    const document = atPrecision(preset, precision, blockSize);
    const { accuracy } = await measureAccuracy(document, few, bench.loader);
    expect(accuracy).toBeGreaterThanOrEqual(0.95);
  });
});
