/** A prompt that is read in w8a8 and answered in the precision of the weights: each by its own copy, over one state. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { GraphDocument, Json } from '#engine/contract/document.ts';
import type { Report } from '#engine/contract/report.ts';
import type { RunEvent } from '#engine/contract/run-event.ts';
import { estimateGraph } from '#engine/estimate/estimate.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { foldReport } from '#engine/profile/report.ts';
import { withParams } from '#host/bin/graphs.testing.ts';
import type { LanguageModel } from '#host/language/language-model.ts';
import { readPreset } from '#host/presets.ts';
import { executeRun } from '#host/runs/execute-run.ts';
import { CancelSwitch } from '#host/sessions/progress.ts';
import { catalogue } from '#nodes/index.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { Workbench } from '#verify/workbench.ts';
import { languageStep, openModel } from '../bench/open-models.ts';

type Params = Readonly<Record<string, Json>>;

let bench: Workbench;
let preset: GraphDocument;

beforeAll(async () => {
  bench = valueOf(await Workbench.open());
  preset = valueOf(await readPreset('shapes-llava'));
});

afterAll(() => bench.close());

const withLanguage = (params: Params): GraphDocument => withParams(preset, 'language', params);

const modelWith = (params: Params): Promise<LanguageModel> =>
  openModel(languageStep(withLanguage(params)).graphs, bench.loader);

async function run(document: GraphDocument): Promise<Report> {
  const events: RunEvent[] = [];
  const emit = (event: RunEvent): void => void events.push(event);
  valueOf(await executeRun({ document, runs: 1 }, bench.loader, emit, new CancelSwitch()));
  return foldReport(document.title, events);
}

test('what a prompt leaves is that of the w8a8 model, and what follows is written by the other', async () => {
  const both = await modelWith({ precision: 'float32', prefillPrecision: 'w8a8' });
  const rounded = await modelWith({ precision: 'w8a8' });
  const exact = await modelWith({ precision: 'float32' });
  // Each has a table of its own.
  const prompt = await exact.embed([5, 17, 42, 8, 23]);
  const read = (model: LanguageModel) => model.prefill(prompt, [], 8);
  const [logits, ofRounded, ofExact] = [await read(both), await read(rounded), await read(exact)];
  expect(logits).toEqual(ofRounded);
  expect(logits).not.toEqual(ofExact);

  // From the same state on, each decodes in its own precision.
  const next = await both.extend([9], 'last', 8);
  expect(next).not.toEqual(await rounded.extend([9], 'last', 8));
  expect(cosine(next, await exact.extend([9], 'last', 8))).toBeGreaterThan(0.999);
});

const cosine = (a: Float32Array, b: Float32Array): number => {
  const dot = (x: Float32Array, y: Float32Array) =>
    x.reduce((sum, value, at) => sum + value * (y[at] as number), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
};

test('a run tells the precision and the memory of each, and answers as before', async () => {
  const report = await run(withLanguage({ prefillPrecision: 'w8a8' }));
  const row = (phase: string) => report.stages.find((stage) => stage.phase === phase);
  expect(row('prefill')?.precision).toBe('w8a8');
  expect(row('decode')?.precision).toBe('float32');
  const [readBytes, writtenBytes] = [row('prefill'), row('decode')].map(
    (stage) => stage?.memory.weightsBytes ?? 0,
  ) as [number, number];
  expect(readBytes).toBeGreaterThan(0);
  expect(readBytes).toBeLessThan(0.5 * writtenBytes);

  expect(report.answer?.text).toBe((await run(preset)).answer?.text);
});

test('the estimate has both copies, and no parameter twice', () => {
  const estimated = (params: Params) => {
    const language = { model: 'tinyllama-1.1b', blockSize: '128', ...params };
    const document = sketchDocument(
      {
        prompt: ['input/prompt', { text: 'Hello.' }],
        language: ['language/decoder', language],
        answer: ['output/answer'],
      },
      ['prompt.text > language.prompt', 'language.answer > answer.answer'],
    );
    return valueOf(estimateGraph(checkGraph(document, catalogue))).totals;
  };
  const alone = estimated({ precision: 'int4' });
  const both = estimated({ precision: 'int4', prefillPrecision: 'w8a8' });
  expect(both.parameters).toBe(alone.parameters);
  const added = both.weightBytes - alone.weightBytes;
  // All but the table of embeddings, one byte a weight.
  expect(added / (alone.parameters - 32_000 * 2048)).toBeCloseTo(1, 1);
  expect(both.peakBytes).toBeGreaterThan(alone.peakBytes + 0.9 * added);
  // It is the whole model in this precision already.
  expect(estimated({ precision: 'w8a8', prefillPrecision: 'w8a8' })).toEqual(
    estimated({ precision: 'w8a8' }),
  );
});
