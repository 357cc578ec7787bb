/** The operators of one row in two runs, put together alike and held against each other. Pure. */
import type { Operator } from '../contract/operators.ts';
import { groupOperators, type Grouping } from './group-operators.ts';

/** A row with its latency of one pass, which was taken without the profiler. */
export interface RowOperators {
  readonly operators: readonly Operator[];
  readonly latencyMs: number;
}

export interface OperatorDifference {
  readonly title: string;
  /** Of one pass; null where the run has no such operator. */
  readonly aMs: number | null;
  readonly bMs: number | null;
  /** B by A; null where only one of them has it, or took no time. */
  readonly ratio: number | null;
  /** B less A; what one has alone counts whole. */
  readonly differenceMs: number;
}

/** The largest difference first. */
export function compareOperators(
  a: RowOperators,
  b: RowOperators,
  by: Grouping,
): readonly OperatorDifference[] {
  const ofA = timesByTitle(a, by);
  const ofB = timesByTitle(b, by);
  return [...new Set([...ofA.keys(), ...ofB.keys()])]
    .map((title) => difference(title, ofA.get(title) ?? null, ofB.get(title) ?? null))
    .toSorted((one, other) => Math.abs(other.differenceMs) - Math.abs(one.differenceMs));
}

const timesByTitle = (
  { operators, latencyMs }: RowOperators,
  by: Grouping,
): ReadonlyMap<string, number> =>
  new Map(groupOperators(operators, by, latencyMs).map((group) => [group.title, group.latencyMs]));

function difference(title: string, aMs: number | null, bMs: number | null): OperatorDifference {
  const ratio = aMs === null || bMs === null || aMs <= 0 ? null : bMs / aMs;
  return { title, aMs, bMs, ratio, differenceMs: (bMs ?? 0) - (aMs ?? 0) };
}
