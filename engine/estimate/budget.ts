/** Which limits of its user a graph breaks, by how much, and which stage weighs most in it. Pure. */
import type { Budget, LimitName } from '../contract/budget.ts';
import { formatBytes, formatCount, formatMilliseconds, formatRate } from '../contract/format.ts';
import { rowTitle } from '../contract/run-event.ts';
import type { GraphEstimate } from './estimate.ts';
import type { LatencyEstimate } from './latency.ts';

/** What a graph is held against its limits with. */
export interface Estimates {
  readonly graph: GraphEstimate;
  /** Null where the rates of the machine are not known. */
  readonly latency: LatencyEstimate | null;
}

export interface Breach {
  readonly limit: LimitName;
  readonly allowed: number;
  readonly estimated: number;
  /** Beyond what is allowed, in the limit's own unit. */
  readonly by: number;
  /** How many times too much, or too slow: above 1. */
  readonly factor: number;
  readonly heaviest: Weight | null;
}

/** A stage, or a phase of one, and its share of what the limit counts. */
export interface Weight {
  readonly node: string;
  readonly title: string;
  readonly share: number;
}

interface Limit {
  readonly title: string;
  /** Is it the least that is allowed, rather than the most? */
  readonly isLeast: boolean;
  readonly format: (value: number) => string;
  /** Null where that is not known, or where a graph has no such figure. */
  readonly estimate: (estimates: Estimates) => number | null;
  readonly parts: (estimates: Estimates) => readonly Part[];
}

interface Part {
  readonly node: string;
  readonly title: string;
  readonly amount: number;
}

export const limits: Readonly<Record<LimitName, Limit>> = {
  timeToFirstTokenMs: {
    title: 'Time to first token',
    isLeast: false,
    format: formatMilliseconds,
    estimate: ({ latency }) => latency?.timeToFirstTokenMs ?? null,
    parts: ({ latency }) => {
      const prefill = latency?.stages.findIndex(({ phase }) => phase === 'prefill') ?? -1;
      return (latency?.stages ?? []).slice(0, prefill + 1).map(latencyPart);
    },
  },
  decodeTokensPerSecond: {
    title: 'Tokens per second',
    isLeast: true,
    format: (perSecond) => `${formatRate(perSecond)} tokens/s`,
    estimate: ({ latency }) => latency?.decodeTokensPerSecond ?? null,
    parts: ({ latency }) =>
      (latency?.stages ?? [])
        .filter(({ phase }) => phase === 'decode')
        .slice(0, 1)
        .map(latencyPart),
  },
  peakBytes: {
    title: 'Memory',
    isLeast: false,
    format: formatBytes,
    estimate: ({ graph }) => graph.totals.peakBytes,
    parts: ({ graph }) =>
      graph.stages.map(({ node, title, peakBytes }) => ({ node, title, amount: peakBytes })),
  },
  parameters: {
    title: 'Parameters',
    isLeast: false,
    format: formatCount,
    estimate: ({ graph }) => graph.totals.parameters,
    parts: ({ graph }) =>
      graph.stages.map(({ node, title, parameters }) => ({ node, title, amount: parameters })),
  },
};

type Latency = LatencyEstimate['stages'][number];

const latencyPart = (stage: Latency): Part => ({
  node: stage.node,
  title: rowTitle(stage),
  amount: stage.ms,
});

const limitNames = Object.keys(limits) as readonly LimitName[];

/** In the order of `limits`. What is not known breaks nothing. */
export function breaches(estimates: Estimates, budget: Budget): readonly Breach[] {
  return limitNames.flatMap((name) => {
    const allowed = budget[name];
    const { isLeast, estimate, parts } = limits[name];
    const estimated = estimate(estimates);
    if (allowed === null || estimated === null) return [];
    const by = isLeast ? allowed - estimated : estimated - allowed;
    if (by <= 0) return [];
    const factor = isLeast ? allowed / estimated : estimated / allowed;
    const heaviest = heaviestOf(parts(estimates));
    return [{ limit: name, allowed, estimated, by, factor, heaviest }];
  });
}

/** "812 ms, 312 ms over 500 ms" */
export function breachText({ limit, allowed, estimated, by }: Breach): string {
  const { isLeast, format } = limits[limit];
  return `${format(estimated)}, ${format(by)} ${isLeast ? 'under' : 'over'} ${format(allowed)}`;
}

/** "1.62×": what is asked for has to be so many times less, or faster. */
export const factorText = ({ factor }: Breach): string => `${formatRate(factor)}×`;

function heaviestOf(parts: readonly Part[]): Weight | null {
  const total = parts.reduce((sum, { amount }) => sum + amount, 0);
  const [most] = parts.toSorted((a, b) => b.amount - a.amount);
  return most && total > 0
    ? { node: most.node, title: most.title, share: most.amount / total }
    : null;
}
