/**
 * What the engine adds to ONNX Runtime: a TinyLlama-1.1B-shaped int4 language model through the whole
 * engine (its own process, tokeniser, cache, sampling, streaming), beside nothing but the calls of the
 * bare sessions of the same two graphs (embedding, decoder) with tensors of the same shapes. Both in turn, medians of all rounds.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { GraphDocument } from '#engine/contract/document.ts';
import { formatTable } from '#host/bin/terminal/table.ts';
import { describeMachine } from '#host/system/machine.ts';
import { LocalHost } from '#host/local-host.ts';
import { foldReport, quantile } from '#engine/profile/report.ts';
import type { RunEvent } from '#engine/contract/run-event.ts';
import { runBareSession, type BareRequest, type BareResult } from './bare-session.ts';

const rounds = 31;
const newTokens = 64;
/** Words of the prompt; the stand-in tokenizer makes one token of each short one. */
const promptWords = 600;
const here = dirname(fileURLToPath(import.meta.url));

const document: GraphDocument = {
  format: 'patchbay',
  version: 1,
  title: 'TinyLlama 1.1B, int4',
  about: '',
  nodes: {
    prompt: {
      type: 'input/prompt',
      version: 1,
      params: {
        text: Array.from({ length: promptWords }, () => 'word').join(' '),
      },
    },
    language: {
      type: 'language/decoder',
      version: 1,
      params: {
        model: 'tinyllama-1.1b',
        template: '{prompt}',
        maxNewTokens: newTokens,
        precision: 'int4',
        blockSize: '128',
      },
    },
    answer: { type: 'output/answer', version: 1, params: {} },
  },
  edges: [
    { from: { node: 'prompt', port: 'text' }, to: { node: 'language', port: 'prompt' } },
    { from: { node: 'language', port: 'answer' }, to: { node: 'answer', port: 'answer' } },
  ],
  layout: {},
  notes: [],
};

interface Speeds {
  readonly promptTokens: number;
  readonly prefill: number;
  readonly decode: number;
}

async function engineRound(host: LocalHost): Promise<Speeds> {
  const started = await host.startRun({ document, runs: 1 });
  if (!started.ok) throw new Error(JSON.stringify(started.problems));
  const events: RunEvent[] = [];
  for await (const { event } of host.runEvents(started.value.runId, -1)) events.push(event);
  const { stages, totals, problems } = foldReport(document.title, events);
  const prefill = stages.find(({ phase }) => phase === 'prefill');
  if (problems.length > 0 || !prefill) throw new Error(JSON.stringify(problems));
  return {
    promptTokens: prefill.tokensIn ?? 0,
    prefill: totals.prefillTokensPerSecond ?? 0,
    decode: totals.decodeTokensPerSecond ?? 0,
  };
}

function bareRound(child: ChildProcess, request: BareRequest): Promise<BareResult> {
  return new Promise((resolve, reject) => {
    const ended = (): void => reject(new Error('The bare session ended.'));
    child.once('exit', ended);
    child.once('message', (result) => {
      child.off('exit', ended);
      resolve(result as BareResult);
    });
    child.send(request);
  });
}

async function main(): Promise<void> {
  const host = new LocalHost(join(here, 'engine-process.js'));
  const bare = fork(fileURLToPath(import.meta.url), ['bare'], { serialization: 'advanced' });
  const engineSpeeds: Speeds[] = [];
  const bareSpeeds: BareResult[] = [];
  // What comes first builds, loads and warms up; it is not counted.
  const { promptTokens } = await engineRound(host);
  const request = { document, promptTokens, newTokens };
  await bareRound(bare, request);
  for (let round = 1; round <= rounds; round++) {
    // Each goes first as often as the other: the second finds a warmer machine.
    if (round % 2 === 0) bareSpeeds.push(await bareRound(bare, request));
    engineSpeeds.push(await engineRound(host));
    if (round % 2 === 1) bareSpeeds.push(await bareRound(bare, request));
    console.error(
      `round ${round} of ${rounds}: decode ${engineSpeeds.at(-1)?.decode.toFixed(1)}, bare ${bareSpeeds.at(-1)?.decode.toFixed(1)}`,
    );
  }
  await host.close();
  bare.disconnect();

  const { cpu, threads, onnxRuntime } = describeMachine();
  console.log(
    `${document.title}: ${engineSpeeds[0]?.promptTokens} prompt tokens, ${newTokens} new tokens`,
  );
  console.log(
    `${cpu}, ${threads} threads, ONNX Runtime ${onnxRuntime}, medians of ${rounds} rounds`,
  );
  const rows = (['prefill', 'decode'] as const).map((phase) => {
    const engine = quantile(
      engineSpeeds.map((speeds) => speeds[phase]),
      0.5,
    );
    const session = quantile(
      bareSpeeds.map((speeds) => speeds[phase]),
      0.5,
    );
    // Each round's own ratio, so that a machine that slows down slows both sides.
    const ratios = engineSpeeds.map(
      (speeds, round) => (bareSpeeds[round] as BareResult)[phase] / speeds[phase],
    );
    return { phase, engine, session, ratio: quantile(ratios, 0.5) };
  });
  const table = formatTable(
    [
      { title: 'tokens per second', align: 'left', text: ({ phase }) => phase },
      { title: 'engine', align: 'right', text: ({ engine }) => engine.toFixed(1) },
      { title: 'bare session', align: 'right', text: ({ session }) => session.toFixed(1) },
      { title: 'bare / engine', align: 'right', text: ({ ratio }) => ratio.toFixed(3) },
    ],
    rows,
  );
  console.log(table);
}

if (process.argv[2] === 'bare') runBareSession();
else await main();
