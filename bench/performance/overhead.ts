/** What the engine adds to ONNX Runtime: to a token of a language model, and to a pass of a tiny pipeline. */
import { fork } from 'node:child_process';
import { median } from '#engine/profile/statistics.ts';
import { readPreset } from '#host/presets.ts';
import { presetsFolder } from '#host/system/package-root.ts';
import { bareArgument } from '../language/bare-session.ts';
import { bareRound, engineRound, type Speeds } from '../language/measure-model.ts';
import { benchDocument, newTokens, type BenchRow } from '../language/rows.ts';
import { NotMeasured, runGraph, withEngine } from '../engine/run-graph.ts';

export interface MeasuredOverhead {
  /** Milliseconds a token, of the engine and of bare sessions, and the median of each round's own difference. */
  readonly engineMs: number;
  readonly bareMs: number;
  readonly addedMs: number;
  /** Of shapes-llava's own pass. */
  readonly wallMs: number;
  readonly stagesMs: number;
}

/** As many layers, heads of keys and words as TinyLlama has, but narrow: tokens that take about a millisecond. */
const narrow: BenchRow = {
  title: 'Narrow TinyLlama',
  type: 'language/decoder',
  params: {
    model: 'custom',
    vocabularySize: 32_000,
    hiddenSize: 128,
    layerCount: 22,
    headCount: 8,
    keyValueHeadCount: 4,
    headSize: 16,
    feedForwardSize: 384,
    contextLength: 2048,
  },
};
const promptWords = 100;
const tinyPasses = 31;

export async function measureOverhead(rounds: number): Promise<MeasuredOverhead> {
  const token = await measureToken(rounds);
  return { ...token, ...(await measureTinyPipeline(rounds)) };
}

function measureToken(rounds: number) {
  const document = benchDocument(narrow, promptWords);
  const bare = fork(process.argv[1] ?? '', [bareArgument], { serialization: 'advanced' });
  return withEngine(async (host) => {
    try {
      const { promptTokens } = await engineRound(host, document);
      const engine = () => engineRound(host, document);
      const alone = () => bareRound(bare, { document, promptTokens, newTokens });
      await alone();
      const spent: { readonly engineMs: number; readonly bareMs: number }[] = [];
      for (let round = 0; round < rounds; round++) {
        // Each goes first as often as the other.
        const before = round % 2 === 1 ? await alone() : null;
        const engineMs = tokenMs(await engine());
        spent.push({ engineMs, bareMs: tokenMs(before ?? (await alone())) });
      }
      return {
        engineMs: median(spent.map(({ engineMs }) => engineMs)),
        bareMs: median(spent.map(({ bareMs }) => bareMs)),
        addedMs: median(spent.map(({ engineMs, bareMs }) => engineMs - bareMs)),
      };
    } finally {
      bare.disconnect();
    }
  });
}

const tokenMs = ({ decode }: Speeds): number => 1000 / decode;

async function measureTinyPipeline(rounds: number) {
  const preset = await readPreset('shapes-llava');
  if (!preset.ok) throw new NotMeasured(preset.problems[0]?.message);
  const request = { document: preset.value, baseFolder: presetsFolder, runs: tinyPasses };
  return withEngine(async (host) => {
    await runGraph(host, { ...request, runs: 1 });
    const totals: { readonly wallMs: number; readonly stagesMs: number }[] = [];
    for (let round = 0; round < rounds; round++)
      totals.push((await runGraph(host, request)).totals);
    return {
      wallMs: median(totals.map(({ wallMs }) => wallMs)),
      stagesMs: median(totals.map(({ stagesMs }) => stagesMs)),
    };
  });
}
