/**
 * What the engine adds to ONNX Runtime: a language model of random int4 weights through the whole engine (its own
 * process, tokeniser, cache, sampling, streaming), beside nothing but the calls of the bare sessions of the same two
 * graphs with tensors of the same shapes. Both in turn, and memory read in between, medians of all rounds.
 */
import { fork, type ChildProcess } from 'node:child_process';
import type { GraphDocument } from '#engine/contract/document.ts';
import { median } from '#engine/profile/statistics.ts';
import { MemoryReader } from '#host/calibration/memory-reader.ts';
import type { LocalHost } from '#host/local-host.ts';
import { runGraph } from '../engine/run-graph.ts';
import { bareArgument, type BareRequest, type BareResult } from './bare-session.ts';
import { benchDocument, newTokens, type BenchRow } from './rows.ts';

/** Of one way, in tokens per second. */
export interface Speeds {
  readonly prefill: number;
  readonly decode: number;
}

export interface MeasuredModel {
  readonly title: string;
  readonly rounds: number;
  readonly promptTokens: number;
  readonly engine: Speeds;
  readonly bare: Speeds;
  /** Median of each round's own, so that a machine that slows down slows both sides. */
  readonly bareByEngine: Speeds;
  /** What a token of the answer cannot but move: weights, and the state that it finds. */
  readonly bytesPerToken: number;
  readonly stateBytes: number;
  readonly memoryBytesPerSecond: number;
  /** Of what memory gives when it is only read. */
  readonly bandwidthShare: number;
}

export async function measureModel(
  host: LocalHost,
  row: BenchRow,
  rounds: number,
): Promise<MeasuredModel> {
  const document = benchDocument(row);
  const bare = fork(process.argv[1] ?? '', [bareArgument], { serialization: 'advanced' });
  const memory = await MemoryReader.open();
  try {
    // What comes first builds, loads and warms up; it is not counted.
    const { promptTokens, bytesPerToken } = await engineRound(host, document);
    const request = { document, promptTokens, newTokens };
    const { stateBytes } = await bareRound(bare, request);
    const engineSpeeds: Speeds[] = [];
    const bareSpeeds: Speeds[] = [];
    const reads: number[] = [];
    for (let round = 1; round <= rounds; round++) {
      // Each goes first as often as the other: the second finds a warmer machine.
      if (round % 2 === 0) bareSpeeds.push(await bareRound(bare, request));
      engineSpeeds.push(await engineRound(host, document));
      if (round % 2 === 1) bareSpeeds.push(await bareRound(bare, request));
      reads.push(await memory.bytesPerSecond());
      const [ours, theirs] = [engineSpeeds.at(-1), bareSpeeds.at(-1)];
      console.error(
        `${document.title}, round ${round} of ${rounds}: prefill ${ours?.prefill.toFixed(1)}, bare ${theirs?.prefill.toFixed(1)}; decode ${ours?.decode.toFixed(1)}, bare ${theirs?.decode.toFixed(1)} tokens per second`,
      );
    }
    const engine = medians(engineSpeeds);
    const ratios = engineSpeeds.map((speeds, round) => ({
      prefill: (bareSpeeds[round] as Speeds).prefill / speeds.prefill,
      decode: (bareSpeeds[round] as Speeds).decode / speeds.decode,
    }));
    const shares = engineSpeeds.map(
      ({ decode }, round) => (decode * bytesPerToken) / (reads[round] as number),
    );
    return {
      title: document.title,
      rounds,
      promptTokens,
      engine,
      bare: medians(bareSpeeds),
      bareByEngine: medians(ratios),
      bytesPerToken,
      stateBytes,
      memoryBytesPerSecond: median(reads),
      bandwidthShare: median(shares),
    };
  } finally {
    await memory.close();
    bare.disconnect();
  }
}

const medians = (speeds: readonly Speeds[]): Speeds => ({
  prefill: median(speeds.map(({ prefill }) => prefill)),
  decode: median(speeds.map(({ decode }) => decode)),
});

/** One pass of the whole engine over a prompt and an answer. */
export async function engineRound(
  host: LocalHost,
  document: GraphDocument,
): Promise<Speeds & { readonly promptTokens: number; readonly bytesPerToken: number }> {
  const { stages, totals } = await runGraph(host, { document, runs: 1 });
  const prefill = stages.find(({ phase }) => phase === 'prefill');
  const decode = stages.find(({ phase }) => phase === 'decode');
  if (!prefill || !decode) throw new Error('The run has no prefill or no decode.');
  return {
    promptTokens: prefill.tokensIn ?? 0,
    // The first token comes out of the prompt.
    bytesPerToken: (decode.movedBytes ?? 0) / ((decode.tokensOut ?? 0) - 1),
    prefill: totals.prefillTokensPerSecond ?? 0,
    decode: totals.decodeTokensPerSecond ?? 0,
  };
}

export function bareRound(child: ChildProcess, request: BareRequest): Promise<BareResult> {
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
