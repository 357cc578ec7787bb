/**
 * Memory while a language model reads a long prompt: the measured peak of prefill beside what has to be there
 * (weights, state, the activations of one piece) and beside the estimate made before the run.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatBytes } from '#engine/contract/format.ts';
import type { GraphDocument } from '#engine/contract/document.ts';
import type { RunEvent } from '#engine/contract/run-event.ts';
import { estimateGraph } from '#engine/estimate/estimate.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { foldReport } from '#engine/profile/report.ts';
import { formatTable } from '#host/bin/terminal/table.ts';
import { LocalHost } from '#host/local-host.ts';
import { describeMachine } from '#host/system/machine.ts';
import { catalogue } from '#nodes/index.ts';

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
async function main(): Promise<void> {
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
  const { cpu, threads, onnxRuntime } = describeMachine();
  console.log(
    `${promptWords} prompt tokens, ${cpu}, ${threads} threads, ONNX Runtime ${onnxRuntime}`,
  );
  const table = formatTable<Measured>(
    [
      { title: 'model', align: 'left', text: ({ title }) => title },
      { title: 'precision', align: 'left', text: ({ precision }) => precision },
      {
        title: 'weights + state + activations',
        align: 'right',
        text: ({ neededBytes }) => formatBytes(neededBytes),
      },
      { title: 'peak', align: 'right', text: ({ peakBytes }) => formatBytes(peakBytes) },
      {
        title: 'ratio (at most 1.15)',
        align: 'right',
        text: ({ peakBytes, neededBytes }) => (peakBytes / neededBytes).toFixed(3),
      },
      {
        title: 'estimated',
        align: 'right',
        text: ({ estimatedBytes }) => formatBytes(estimatedBytes),
      },
      {
        title: 'error (at most 10%)',
        align: 'right',
        text: ({ peakBytes, estimatedBytes }) =>
          `${(100 * (estimatedBytes / peakBytes - 1)).toFixed(1)}%`,
      },
    ],
    rows,
  );
  console.log(table);
}

await main();
