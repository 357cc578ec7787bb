/** The model that comes with Patchbay answers as it did in the reference library, at every precision it is offered in. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GraphDocument } from '#engine/contract/document.ts';
import type { RunEvent } from '#engine/contract/run-event.ts';
import { StageCache } from '#host/cache/stage-cache.ts';
import { presetsFolder } from '#host/package-root.ts';
import { readPreset } from '#host/presets.ts';
import { executeRun } from '#host/runs/execute-run.ts';
import { ModelLoader } from '#host/runs/load-model.ts';
import { CancelSwitch } from '#host/runs/progress.ts';

interface Question {
  readonly seed: number;
  readonly question: string;
  readonly answer: string;
  readonly model_answer: string;
  readonly model_tokens: readonly number[];
}

const lines = (await readFile(join(presetsFolder, 'shapes-eval', 'dev.jsonl'), 'utf8'))
  .trim()
  .split('\n');
const questions = lines.map((line) => JSON.parse(line) as Question);
const cacheFolder = await mkdtemp(join(os.tmpdir(), 'patchbay-shapes-'));
let loader: ModelLoader;
let preset: GraphDocument;

beforeAll(async () => {
  const cache = await StageCache.open(cacheFolder);
  const document = await readPreset('shapes-llava');
  if (!cache.ok || !document.ok) throw new Error('The preset cannot be read.');
  loader = new ModelLoader(cache.value);
  preset = document.value;
});

afterAll(async () => {
  await loader.keepOnly(new Set());
  await rm(cacheFolder, { recursive: true });
});

async function ask(document: GraphDocument, { seed, question }: Question) {
  const events: RunEvent[] = [];
  const request = { document, image: { kind: 'scene', seed } as const, prompt: question, runs: 1 };
  const outcome = await executeRun(
    request,
    loader,
    (event) => events.push(event),
    new CancelSwitch(),
  );
  if (!outcome.ok) throw new Error(outcome.problems[0]?.message);
  const answer = events.find((event) => event.type === 'answer');
  return { text: answer?.text ?? '', tokenIds: answer?.tokenIds ?? [] };
}

/** The preset with every weighted node at another precision. */
function atPrecision(precision: string, blockSize: string): GraphDocument {
  const nodes = Object.entries(preset.nodes).map(([id, node]) => {
    const weighted = 'weights' in node.params;
    return [id, weighted ? { ...node, params: { ...node.params, precision, blockSize } } : node];
  });
  return { ...preset, nodes: Object.fromEntries(nodes) as GraphDocument['nodes'] };
}

async function accuracy(document: GraphDocument, asked: readonly Question[]): Promise<number> {
  let right = 0;
  for (const question of asked) {
    const { text } = await ask(document, question);
    if (text.trim() === question.answer) right++;
  }
  return right / asked.length;
}

describe('shapes-llava', () => {
  test('answers all 1,000 questions token for token as the reference', async () => {
    const different: string[] = [];
    for (const question of questions) {
      const { text, tokenIds } = await ask(preset, question);
      const same =
        tokenIds.join() === question.model_tokens.join() && text === question.model_answer;
      if (!same)
        different.push(`${question.question} → ${text}, reference: ${question.model_answer}`);
    }
    expect(different).toEqual([]);
  });

  test('E', async () => {
    for (const [p, b] of [
      ['float32', '32'],
      ['int8', '32'],
      ['int8', '128'],
      ['int4', '32'],
      ['int4', '64'],
      ['int4', '128'],
    ] as const) {
      console.log(p, b, await accuracy(atPrecision(p, b), questions));
    }
  });
});
