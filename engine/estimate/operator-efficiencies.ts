/** What share of a machine's roofs operators reach, by kind and size: measured, read and looked up. Pure. */
import type { MachineRates } from '../contract/calibration.ts';
import type { Operator } from '../contract/operators.ts';
import { alikeKey, kernelOf, roofSeconds, type OperatorCost } from './operator-cost.ts';
import type { CostedOperator } from './stage-operators.ts';
import measured from './operator-efficiencies.json' with { type: 'json' };

/**
 * By "kind size", by kind alone, and by what bounds it: the share of its roof that an operator reaches; of tiny ones how many times
 * as long they take as the small operator of the calibration.
 */
export interface OperatorEfficiencies {
  readonly roofs: Readonly<Record<string, number>>;
  readonly starts: Readonly<Record<string, number>>;
}

/** Written by `npm run bench:estimate -- --write`. */
export const measuredEfficiencies: OperatorEfficiencies = measured;

/** A row of a report: what it started, and what that took. */
export interface ProfiledStage {
  readonly operators: readonly CostedOperator[];
  /** Without the profiler; of one pass or, where it is decoded, of one step. */
  readonly ms: number;
  readonly profiled: readonly Pick<Operator, 'name' | 'kind' | 'profiledMs'>[];
}

/**
 * From the nearest that was measured: alike in kind and size, in kind, or in what bounds it. Kernels that multiply are
 * more like each other than a kernel's sizes are.
 */
const keysOf = (cost: OperatorCost): readonly string[] =>
  cost.flops > 0 ? [alikeKey(cost), 'arithmetic'] : [alikeKey(cost), cost.kind, 'memory'];

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
 * short ones, of which single calls waver, by the root of what they took.
 */
export function efficienciesOf(
  stages: readonly ProfiledStage[],
  rates: MachineRates,
): OperatorEfficiencies {
  const roofs = new Map<string, Sums>();
  const starts = new Map<string, Sums>();
  for (const stage of stages) {
    const weight = 1 / Math.sqrt(stage.ms);
    for (const { cost, leastMs, takenMs } of takenTimes(stage, rates))
      addTo(cost.isTiny ? starts : roofs, cost, {
        least: weight * leastMs,
        taken: weight * takenMs,
      });
  }
  return {
    roofs: figures(roofs, ({ least, taken }) => least / taken),
    starts: figures(starts, ({ least, taken }) => taken / least),
  };
}

interface TakenTime {
  readonly cost: OperatorCost;
  readonly leastMs: number;
  readonly takenMs: number;
}

/**
 * What each operator of a stage took: by its name; where ONNX Runtime has given operators of a kind other names, together
 * with those of its kind. What else it has put in between is spread over all.
 */
function takenTimes(
  { operators, ms, profiled }: ProfiledStage,
  rates: MachineRates,
): readonly TakenTime[] {
  const names = new Set(operators.map(({ name }) => name));
  const seen = new Set(profiled.map(({ name }) => name));
  const groupOf = ({ name, kind }: { readonly name: string; readonly kind: string }): string =>
    names.has(name) && seen.has(name) ? `named ${name}` : `a ${kernelOf(kind)}`;
  const grouped = operators.map((operator) => ({
    cost: operator.cost,
    group: groupOf({ name: operator.name, kind: operator.cost.kernel }),
    leastMs: leastMsOf(operator, rates),
  }));
  const taken = sumsBy(profiled, groupOf, ({ profiledMs }) => profiledMs);
  const least = sumsBy(
    grouped,
    ({ group }) => group,
    (operator) => operator.leastMs,
  );
  const known = [...least.keys()].reduce((sum, group) => sum + (taken.get(group) ?? 0), 0);
  return grouped.map(({ cost, group, leastMs }) => {
    const share = (taken.get(group) ?? 0) / known;
    return { cost, leastMs, takenMs: (ms * share * leastMs) / (least.get(group) as number) };
  });
}

function sumsBy<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  valueOf: (item: Item) => number,
): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const item of items) sums.set(keyOf(item), (sums.get(keyOf(item)) ?? 0) + valueOf(item));
  return sums;
}

const leastMsOf = ({ cost, times }: CostedOperator, rates: MachineRates): number =>
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
