/**
 * Memory while a language model reads a long prompt: the measured peak of prefill beside what has to be there
 * (weights, state, the activations of one piece) and beside the estimate made before the run: `npm run bench:memory
 * [-- --write]`. Writes docs/performance.md where asked to.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import type { GraphDocument } from '#engine/contract/document.ts';
import type { RunEvent } from '#engine/contract/run-event.ts';
import { estimateGraph } from '#engine/estimate/estimate.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { foldReport } from '#engine/profile/report.ts';
import { LocalHost } from '#host/local-host.ts';
import { packageRoot } from '#host/system/package-root.ts';
import { catalogue } from '#nodes/index.ts';
import { performancePage, performanceSection } from './pages/performance.ts';
import { figureTable, gigabytes, percent, times, type Figure } from './performance/figure.ts';

/** The stand-in tokenizer makes a token of each, and the estimate reckons with four characters a token. */
const word = 'abc ';
const promptWords = 600;

const models = [
  ['TinyLlama 1.1B', { model: 'tinyllama-1.1b', precision: 'int4', blockSize: '128' }],
  ['Qwen2 0.5B', { model: 'qwen2-0.5b', precision: 'float32' }],
  ['Gemma 2B', { model: 'gemma-2b', precision: 'int4', blockSize: '128' }],
  ['Phi-2', { model: 'phi-2', precision: 'int4', blockSize: '128' }],
] as const;

const graphOf = (params: (typeof models)[number][1]): GraphDocument =>
  sketchDocument(
    {
      prompt: ['input/prompt', { text: word.repeat(promptWords).trim() }],
      language: ['language/decoder', { ...params, template: '{prompt}', maxNewTokens: 4 }],
      answer: ['output/answer'],
    },
    ['prompt.text > language.prompt', 'language.answer > answer.answer'],
  );

interface Measured {
  readonly title: string;
  readonly precision: string;
  readonly neededBytes: number;
  readonly estimatedBytes: number;
  readonly peakBytes: number;
}

async function measure(
  host: LocalHost,
  [title, params]: (typeof models)[number],
): Promise<Measured> {
  const document = graphOf(params);
  const estimate = estimateGraph(checkGraph(document, catalogue));
  const language = estimate.ok ? estimate.value.stages.find(({ id }) => id === 'language') : null;
  if (!language) throw new Error(`"${title}" has no estimate.`);
  const started = await host.startRun({ document, runs: 1 });
  if (!started.ok) throw new Error(JSON.stringify(started.problems));
  const events: RunEvent[] = [];
  for await (const { event } of host.runEvents(started.value.runId, -1)) events.push(event);
  const { stages, problems } = foldReport(title, events);
  const prefill = stages.find(({ phase }) => phase === 'prefill');
  const embed = stages.find(({ phase }) => phase === 'embed');
  if (!prefill || !embed || problems.length > 0) throw new Error(JSON.stringify(problems));
  const { weightsBytes, stateBytes, peakBytes } = prefill.memory;
  // The row is the decoder's; the table of embeddings has a row of its own.
  const estimatedBytes = language.peakBytes - embed.memory.weightsBytes;
  return {
    title,
    precision: params.precision,
    neededBytes: weightsBytes + stateBytes + language.activationBytes,
    estimatedBytes,
    peakBytes,
  };
}

/** A new engine process a model, and the second run counts: the first may have built it, which leaves memory behind. */
async function measureAll(): Promise<readonly Measured[]> {
  const engine = join(dirname(fileURLToPath(import.meta.url)), 'engine-process.js');
  const rows: Measured[] = [];
  for (const model of models) {
    const building = new LocalHost(engine);
    await measure(building, model);
    await building.close();
    const host = new LocalHost(engine);
    rows.push(await measure(host, model));
    await host.close();
  }
  return rows;
}

/** Of one model: what it needs, and how far the estimate is from what was measured. */
function figuresOf(measured: Measured): readonly Figure[] {
  const { title, precision, neededBytes, estimatedBytes, peakBytes } = measured;
  const name = `${title}, ${precision}`;
  return [
    {
      title: `${name}: peak by what has to be there`,
      ours: gigabytes(peakBytes),
      beside: `needed ${gigabytes(neededBytes)}`,
      value: peakBytes / neededBytes,
      target: { atMost: 1.15 },
      text: times,
    },
    {
      title: `${name}: error of the estimate`,
      ours: gigabytes(peakBytes),
      beside: `estimate ${gigabytes(estimatedBytes)}`,
      value: Math.abs(estimatedBytes / peakBytes - 1),
      target: { atMost: 0.1 },
      text: percent,
    },
  ];
}

async function main(): Promise<void> {
  const options = { write: { type: 'boolean', default: false } } as const;
  const { write } = parseArgs({ options }).values;
  const rows = await measureAll();
  const text = performanceSection(
    'memory',
    `npm run bench:memory${write ? ' -- --write' : ''}`,
    `A prompt of ${promptWords} tokens.`,
    figureTable(rows.flatMap(figuresOf)),
  );
  console.log(text);
  if (!write) return;
  const page = join(packageRoot, 'docs', 'performance.md');
  const old = await readFile(page, 'utf8').catch(() => '');
  await writeFile(page, performancePage(old, { memory: text }));
}

await main();
