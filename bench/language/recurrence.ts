/** What a state of one size changes: recurrent models beside a transformer of about as many parameters. */
import { median } from '#engine/profile/statistics.ts';
import type { LocalHost } from '#host/local-host.ts';
import { runGraph } from '../engine/run-graph.ts';
import { medianRatio } from './rounds.ts';
import { benchDocument, type BenchRow } from './rows.ts';

/** Trained on the same text with the same tokenizer as Mamba, and held to be its like by Mamba's authors. */
export const transformer: BenchRow = {
  title: 'Pythia 1.4B',
  type: 'language/decoder',
  params: { model: 'pythia-1.4b' },
};

export const recurrentRows: readonly BenchRow[] = [
  { title: 'Mamba 1.4B', type: 'language/mamba', params: { model: 'mamba-1.4b' } },
  { title: 'Mamba-2 1.3B', type: 'language/mamba2', params: { model: 'mamba2-1.3b' } },
  { title: 'RWKV-6 1.6B', type: 'language/rwkv', params: { model: 'rwkv6-world-1.6b' } },
];

/** Words of the prompts: as everywhere, and the two between which decode is to stay as fast. */
export const contexts = { usual: 600, short: 500, long: 8000 } as const;

export interface Speeds {
  /** Tokens per second. */
  readonly prefill: number;
  readonly decode: number;
  readonly stateBytes: number;
}

export interface MeasuredRecurrence {
  readonly title: string;
  readonly usual: Speeds;
  /** Of the transformer's, medians of each round's own; 1 for itself. */
  readonly byTransformer: Pick<Speeds, 'prefill' | 'decode'>;
  /** Decode behind the long prompt by decode behind the short one, and the state behind each; null where it is too long. */
  readonly flat: {
    readonly ratio: number;
    readonly shortStateBytes: number;
    readonly longStateBytes: number;
  } | null;
}

/** Transformer and models take turns in every round. */
export async function measureRecurrence(
  host: LocalHost,
  rounds: number,
): Promise<readonly MeasuredRecurrence[]> {
  const rows = [transformer, ...recurrentRows];
  // What comes first builds and loads; it is not counted.
  for (const row of rows) await speedsAt(host, row, contexts.short);
  const measured: Record<string, Speeds[]>[] = rows.map(() => ({ usual: [], short: [], long: [] }));
  for (let round = 1; round <= rounds; round++) {
    for (const [index, row] of rows.entries()) {
      for (const [context, words] of Object.entries(contexts)) {
        if (row === transformer && context === 'long') continue;
        const speeds = await speedsAt(host, row, words);
        measured[index]?.[context]?.push(speeds);
        console.error(
          `${row.title}, ${words} words, round ${round} of ${rounds}: prefill ${speeds.prefill.toFixed(1)}, decode ${speeds.decode.toFixed(1)} tokens per second`,
        );
      }
    }
  }
  const base = measured[0]?.['usual'] ?? [];
  return rows.map(({ title }, index) => {
    const { usual = [], short = [], long = [] } = measured[index] ?? {};
    return {
      title,
      usual: mediansOf(usual),
      byTransformer: {
        prefill: ratioOf(usual, base, 'prefill'),
        decode: ratioOf(usual, base, 'decode'),
      },
      flat:
        long.length === 0
          ? null
          : {
              ratio: ratioOf(long, short, 'decode'),
              shortStateBytes: short[0]?.stateBytes ?? 0,
              longStateBytes: long[0]?.stateBytes ?? 0,
            },
    };
  });
}

async function speedsAt(host: LocalHost, row: BenchRow, words: number): Promise<Speeds> {
  const report = await runGraph(host, { document: benchDocument(row, words), runs: 1 });
  const { prefillTokensPerSecond: prefill, decodeTokensPerSecond: decode } = report.totals;
  const { memory } = report.stages.find(({ phase }) => phase === 'prefill') ?? {};
  return { prefill: prefill ?? 0, decode: decode ?? 0, stateBytes: memory?.stateBytes ?? 0 };
}

const mediansOf = (all: readonly Speeds[]): Speeds => ({
  prefill: median(all.map(({ prefill }) => prefill)),
  decode: median(all.map(({ decode }) => decode)),
  stateBytes: all[0]?.stateBytes ?? 0,
});

const ratioOf = (
  all: readonly Speeds[],
  base: readonly Speeds[],
  figure: 'prefill' | 'decode',
): number =>
  medianRatio(
    all.map((speeds) => speeds[figure]),
    base.map((speeds) => speeds[figure]),
  );
