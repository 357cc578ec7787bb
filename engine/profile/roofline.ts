/**
 * Stages and operators under the roofs of a machine: what they reach of its arithmetic and of its memory (Williams et
 * al., Roofline, doi.org/10.1145/1498765.1498785). Pure.
 */
import type { MachineRates } from '../contract/calibration.ts';
import type { Operator } from '../contract/operators.ts';
import type { Report, StageReport } from '../contract/report.ts';
import { isDecoding, rowTitle } from '../contract/run-event.ts';
import type { Precision } from '../estimate/operator-flops.ts';
import { groupOperators } from './group-operators.ts';
import { rowsToldApart } from './language-titles.ts';
import { operatorWork } from './operator-work.ts';
import { median } from './statistics.ts';

/** Of one step where the stage is reckoned by steps, else of one pass. */
export interface RoofPoint {
  /** Unlike that of any other point of its kind. */
  readonly id: string;
  readonly title: string;
  /** Whose roof it lies under. */
  readonly precision: Precision;
  readonly flops: number;
  /** What cannot but be moved. */
  readonly bytes: number;
  readonly seconds: number;
  /** Operations a byte. */
  readonly intensity: number;
  readonly flopsPerSecond: number;
  readonly bytesPerSecond: number;
  /** The most that this machine gives to whoever does so many operations a byte. */
  readonly roofFlopsPerSecond: number;
}

export type Bound = 'memory' | 'caches' | 'arithmetic' | 'launches' | 'neither';

export interface StagePoint extends RoofPoint {
  readonly stage: StageReport;
  /** Tokens that were fed back one after the other; null for a stage that is reckoned by passes. */
  readonly steps: number | null;
  /** Operators started; null where the run was not profiled. */
  readonly launches: number | null;
  /** What each alone would take of its time: 1 where nothing else does. */
  readonly shares: {
    readonly memory: number;
    readonly arithmetic: number;
    /** Null where the run was not profiled. */
    readonly launches: number | null;
  };
  readonly bound: Bound;
  /** The kind of operators that most of its time goes to; null where the run was not profiled. */
  readonly costliest: { readonly kind: string; readonly share: number } | null;
}

/** What takes this much of a stage's time bounds it. */
const boundShare = 0.5;
/** Faster than memory gives, beyond what its own measurement wavers by: what is read lies in caches. */
const cachedShare = 1.1;
/** An operator that takes less of its row is no point of its own. */
const leastShare = 0.02;

/** A point for each stage that was timed and whose bytes are known, in running order. */
export function stagePoints(report: Report, rates: MachineRates): readonly StagePoint[] {
  return rowsToldApart(report).flatMap((stage) => {
    if (stage.movedBytes === null || stage.latencyMs.runs === 0) return [];
    return [stagePoint(stage, stage.movedBytes, report, rates)];
  });
}

function stagePoint(
  stage: StageReport,
  movedBytes: number,
  report: Report,
  rates: MachineRates,
): StagePoint {
  const steps = stepsOf(stage, report);
  const times = steps ?? 1;
  const point = roofPoint(
    {
      id: stage.id,
      title: rowTitle(stage),
      precision: stage.precision ?? 'float32',
      flops: stage.flops / times,
      bytes: movedBytes / times,
      seconds: stage.latencyMs.median / 1000 / times,
    },
    rates,
  );
  const operators = operatorsOf(stage, report);
  const launches = launchesOf(stage, operators);
  const shares = {
    memory: point.bytesPerSecond / rates.memoryBytesPerSecond,
    arithmetic: point.flopsPerSecond / rates.matrixFlopsPerSecond[point.precision],
    launches: launches && (launches * rates.launchMicroseconds) / 1e6 / point.seconds,
  };
  const [first] = groupOperators(operators, 'kind', stage.latencyMs.median);
  const costliest = first ? { kind: first.title, share: first.share } : null;
  return { ...point, stage, steps, launches, shares, bound: boundOf(shares), costliest };
}

function boundOf({ memory, arithmetic, launches }: StagePoint['shares']): Bound {
  const most = Math.max(memory, arithmetic, launches ?? 0);
  if (most < boundShare) return 'neither';
  // What takes the most time by itself; memory that is outrun takes none.
  if (memory > cachedShare) {
    const other = Math.max(arithmetic, launches ?? 0);
    if (other < boundShare) return 'caches';
    return arithmetic >= (launches ?? 0) ? 'arithmetic' : 'launches';
  }
  if (most === memory) return 'memory';
  return most === arithmetic ? 'arithmetic' : 'launches';
}

/** Tokens that were fed back; the first of an answer comes out of the prompt. Null for what is not reckoned by steps. */
export function stepsOf({ node, phase, tokensOut }: StageReport, { languageModels }: Report) {
  if (phase !== 'decode' || tokensOut === null) return null;
  const model = languageModels.find((each) => each.node === node);
  const steps = tokensOut - Math.max(1, model?.answers.length ?? 1);
  return steps > 0 ? steps : null;
}

const operatorsOf = ({ id }: StageReport, { operators }: Report): readonly Operator[] =>
  operators.find(({ stage }) => stage === id)?.operators ?? [];

/** A profiled answer is shorter than a timed one; in each of its steps nearly every operator is called once. */
function profiledSteps({ phase }: StageReport, operators: readonly Operator[]): number | null {
  if (!isDecoding({ phase })) return 1;
  if (phase !== 'decode') return null;
  const calls = operators.map((operator) => operator.calls);
  return Math.max(1, Math.round(median(calls)));
}

/** Null where the run was not profiled, or its steps are not known, as those of guesses are not. */
function launchesOf(stage: StageReport, operators: readonly Operator[]): number | null {
  const steps = profiledSteps(stage, operators);
  if (operators.length === 0 || steps === null) return null;
  return operators.reduce((sum, { calls }) => sum + calls, 0) / steps;
}

export interface OperatorPoint extends RoofPoint {
  readonly operator: Operator;
  /** Of the row's time. */
  readonly share: number;
}

/** The operators of a stage that take at least 2% of it, the costliest first; none where the run was not profiled. */
export function operatorPoints(
  { stage, seconds, precision }: StagePoint,
  report: Report,
  rates: MachineRates,
): readonly OperatorPoint[] {
  const operators = operatorsOf(stage, report);
  const allMs = operators.reduce((sum, { profiledMs }) => sum + profiledMs, 0);
  const steps = profiledSteps(stage, operators);
  return operators
    .flatMap((operator) => {
      const share = allMs > 0 ? operator.profiledMs / allMs : 0;
      if (share < leastShare) return [];
      const work = operatorWork(operator, precision);
      const times = steps ?? 1;
      const point = roofPoint(
        {
          id: operator.name,
          title: [operator.part, operator.kind].filter(Boolean).join(' '),
          precision: work.precision,
          flops: work.flops / times,
          bytes: work.bytes / times,
          // Without the profiler, where what was timed and what was profiled are alike.
          seconds: steps === null ? operator.profiledMs / 1000 : share * seconds,
        },
        rates,
      );
      return [{ ...point, operator, share }];
    })
    .toSorted((a, b) => b.share - a.share);
}

type Given = Pick<RoofPoint, 'id' | 'title' | 'precision' | 'flops' | 'bytes' | 'seconds'>;

function roofPoint(given: Given, rates: MachineRates): RoofPoint {
  const { precision, flops, bytes, seconds } = given;
  const intensity = bytes > 0 ? flops / bytes : 0;
  return {
    ...given,
    intensity,
    flopsPerSecond: seconds > 0 ? flops / seconds : 0,
    bytesPerSecond: seconds > 0 ? bytes / seconds : 0,
    roofFlopsPerSecond: roofAt(intensity, precision, rates),
  };
}

/** Operations a second that memory and arithmetic allow to whoever does so many operations a byte. */
export function roofAt(
  intensity: number,
  precision: Precision,
  { matrixFlopsPerSecond, memoryBytesPerSecond }: MachineRates,
): number {
  return Math.min(matrixFlopsPerSecond[precision], intensity * memoryBytesPerSecond);
}
