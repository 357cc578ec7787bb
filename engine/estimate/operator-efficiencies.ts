/** What share of a machine's roofs operators reach, by kind and size: measured, read and looked up. Pure. */
import type { MachineRates } from '../contract/calibration.ts';
import type { Operator } from '../contract/operators.ts';
import { readSizes, type Precision } from './operator-flops.ts';
import { operatorCost, roofSeconds, type OperatorCost } from './operator-cost.ts';
import { measured } from './measured-efficiencies.ts';

/**
 * By "kind size", by kind alone, and `any`: the share of its roof that an operator reaches; of tiny ones how many times
 * as long they take as the small operator of the calibration.
 */
export interface OperatorEfficiencies {
  readonly roofs: Readonly<Record<string, number>>;
  readonly starts: Readonly<Record<string, number>>;
}

export const measuredEfficiencies: OperatorEfficiencies = measured;

/** The operators of one row of a report. */
export interface ProfiledStage {
  readonly precision: Precision;
  /** Without the profiler, of one pass or, where it is decoded, of one step. */
  readonly ms: number;
  readonly operators: readonly Operator[];
  /** Passes or steps that `operators` count the calls of. */
  readonly steps: number;
}

const any = 'any';

/** From the nearest that was measured: alike in kind and size, in kind, or whatever. */
const keysOf = ({ kind, size }: OperatorCost): readonly string[] => [`${kind} ${size}`, kind, any];

/** Seconds that a call takes. Where nothing at all was measured, it reaches its roof. */
export function operatorSeconds(
  cost: OperatorCost,
  rates: MachineRates,
  { roofs, starts }: OperatorEfficiencies,
): number {
  const known = cost.isTiny ? starts : roofs;
  const key = keysOf(cost).find((each) => Object.hasOwn(known, each));
  const figure = key === undefined ? 1 : (known[key] as number);
  return cost.isTiny
    ? (figure * rates.launchMicroseconds) / 1e6
    : roofSeconds(cost, rates) / figure;
}

/** Shares of the stages that operators are in. */
interface Sums {
  /** What they would take at their roofs, or as so many of the calibration's small operators. */
  least: number;
  taken: number;
}

/**
 * The efficiencies by which the operators of all stages take, together, what they took. Shares of a stage count, so that
 * a long one does not outweigh many short ones.
 */
export function efficienciesOf(
  stages: readonly ProfiledStage[],
  rates: MachineRates,
): OperatorEfficiencies {
  const roofs = new Map<string, Sums>();
  const starts = new Map<string, Sums>();
  for (const { precision, ms, operators, steps } of stages) {
    const profiledMs = operators.reduce((sum, operator) => sum + operator.profiledMs, 0);
    for (const operator of profiledMs > 0 ? operators : []) {
      const cost = operatorCost(readSizes(operator), precision);
      const calls = operator.calls / steps;
      const seconds = cost.isTiny ? rates.launchMicroseconds / 1e6 : roofSeconds(cost, rates);
      const known = cost.isTiny ? starts : roofs;
      for (const key of keysOf(cost)) {
        const sums = known.get(key) ?? { least: 0, taken: 0 };
        sums.least += (1000 * calls * seconds) / ms;
        sums.taken += operator.profiledMs / profiledMs;
        known.set(key, sums);
      }
    }
  }
  return {
    roofs: figures(roofs, ({ least, taken }) => least / taken),
    starts: figures(starts, ({ least, taken }) => taken / least),
  };
}

function figures(
  sums: ReadonlyMap<string, Sums>,
  of: (sums: Sums) => number,
): Readonly<Record<string, number>> {
  const entries = [...sums].flatMap(([key, each]) => {
    const figure = of(each);
    const isFigure = Number.isFinite(figure) && figure > 0;
    return isFigure ? [[key, Number(figure.toPrecision(3))] as const] : [];
  });
  return Object.fromEntries(entries.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
