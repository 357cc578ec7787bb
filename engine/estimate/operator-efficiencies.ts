/** What share of a machine's roofs operators reach, by kind and size: measured, read and looked up. Pure. */
import type { MachineRates } from '../contract/calibration.ts';
import { alikeKey, roofSeconds, type OperatorCost } from './operator-cost.ts';
import type { CostedOperator } from './stage-operators.ts';
import { measured } from './measured-efficiencies.ts';

/**
 * By "kind size", by kind alone, and by what bounds it: the share of its roof that an operator reaches; of tiny ones how many times
 * as long they take as the small operator of the calibration.
 */
export interface OperatorEfficiencies {
  readonly roofs: Readonly<Record<string, number>>;
  readonly starts: Readonly<Record<string, number>>;
}

export const measuredEfficiencies: OperatorEfficiencies = measured;

/** A row of a report: what it started, and what that took. */
export interface ProfiledStage {
  readonly operators: readonly CostedOperator[];
  /** Without the profiler; of one pass or, where it is decoded, of one step. */
  readonly ms: number;
  /** By name, shares of what all took under the profiler. */
  readonly shares: ReadonlyMap<string, number>;
}

/** From the nearest that was measured: alike in kind and size, in kind, or in what bounds it. */
const keysOf = (cost: OperatorCost): readonly string[] => [
  alikeKey(cost),
  cost.kind,
  cost.flops > 0 ? 'arithmetic' : 'memory',
];

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
 * The efficiencies by which the operators of all stages take, together, what they took. Long stages count for more than
 * short ones, of which single calls waver, by the root of what they took. What was profiled under no name of the graph,
 * such as what ONNX Runtime puts between two operators, counts with all others of its stage.
 */
export function efficienciesOf(
  stages: readonly ProfiledStage[],
  rates: MachineRates,
): OperatorEfficiencies {
  const roofs = new Map<string, Sums>();
  const starts = new Map<string, Sums>();
  for (const { operators, ms, shares } of stages) {
    const weight = Math.sqrt(ms) / ms;
    const named = new Map<string, CostedOperator[]>();
    for (const operator of operators)
      named.set(operator.name, [...(named.get(operator.name) ?? []), operator]);
    const known = [...named.keys()].reduce((sum, name) => sum + (shares.get(name) ?? 0), 0);
    for (const [name, calls] of named) {
      const least = calls.map((call) => leastMs(call, rates));
      const all = least.reduce((sum, each) => sum + each, 0);
      const takenMs = known > 0 ? (ms * (shares.get(name) ?? 0)) / known : 0;
      for (const [place, { cost }] of calls.entries()) {
        const part = least[place] as number;
        addTo(cost.isTiny ? starts : roofs, cost, {
          least: weight * part,
          taken: all > 0 ? (weight * takenMs * part) / all : 0,
        });
      }
    }
  }
  return {
    roofs: figures(roofs, ({ least, taken }) => least / taken),
    starts: figures(starts, ({ least, taken }) => taken / least),
  };
}

const leastMs = ({ cost, times }: CostedOperator, rates: MachineRates): number =>
  times * (cost.isTiny ? rates.launchMicroseconds / 1000 : 1000 * roofSeconds(cost, rates));

function addTo(known: Map<string, Sums>, cost: OperatorCost, { least, taken }: Sums): void {
  for (const key of keysOf(cost)) {
    const sums = known.get(key) ?? { least: 0, taken: 0 };
    sums.least += least;
    sums.taken += taken;
    known.set(key, sums);
  }
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
