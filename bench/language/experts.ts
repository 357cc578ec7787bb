/** Whether time follows the experts that a token is sent to, or all that there are. */
import { checkGraph } from '#engine/graph/check.ts';
import { estimateGraph } from '#engine/estimate/estimate.ts';
import { median } from '#engine/profile/statistics.ts';
import type { LocalHost } from '#host/local-host.ts';
import { catalogue } from '#nodes/index.ts';
import { runGraph } from '../engine/run-graph.ts';
import { medianRatio } from './rounds.ts';
import { benchDocument, type BenchRow } from './rows.ts';

/** Experts of which two see a token; the first is what the others are held against. */
export const expertCounts = [4, 16, 64] as const;
export const chosenExperts = 2;

const rowOf = (experts: number): BenchRow => ({
  title: `${experts} experts`,
  type: 'language/decoder',
  params: {
    model: 'custom',
    vocabularySize: 32_000,
    hiddenSize: 1024,
    layerCount: 12,
    headCount: 16,
    keyValueHeadCount: 16,
    headSize: 64,
    feedForwardSize: 2048,
    contextLength: 2048,
  },
  experts: { experts, topK: chosenExperts },
});

export interface MeasuredExperts {
  readonly experts: number;
  readonly parameters: number;
  /** Tokens per second. */
  readonly decode: number;
  /** Time of a token by that with the fewest experts, the median of each round's own. */
  readonly timeRatio: number;
}

/** All take turns in every round. */
export async function measureExperts(
  host: LocalHost,
  rounds: number,
): Promise<readonly MeasuredExperts[]> {
  const documents = expertCounts.map((experts) => benchDocument(rowOf(experts)));
  const decodeOf = async (index: number): Promise<number> => {
    const report = await runGraph(host, { document: documents[index]!, runs: 1 });
    return report.totals.decodeTokensPerSecond ?? NaN;
  };
  // What comes first builds and loads; it is not counted.
  for (const index of documents.keys()) await decodeOf(index);
  const decodes: number[][] = documents.map(() => []);
  for (let round = 1; round <= rounds; round++) {
    for (const [index, own] of decodes.entries()) {
      own.push(await decodeOf(index));
      console.error(
        `${expertCounts[index]} experts, round ${round} of ${rounds}: decode ${own.at(-1)?.toFixed(1)} tokens per second`,
      );
    }
  }
  return expertCounts.map((experts, index) => {
    const estimate = estimateGraph(checkGraph(documents[index]!, catalogue));
    const own = decodes[index] ?? [];
    return {
      experts,
      parameters: estimate.ok ? estimate.value.totals.parameters : NaN,
      decode: median(own),
      timeRatio: medianRatio(decodes[0] ?? [], own),
    };
  });
}
