/** What bounds a stage, in one sentence with its figures: what would help, and what would not. Pure. */
import type { MachineRates } from '../contract/calibration.ts';
import {
  formatBytes,
  formatCount,
  formatMilliseconds,
  formatOperations,
  formatRate,
} from '../contract/format.ts';
import { assertNever } from '../contract/outcome.ts';
import type { Precision } from '../estimate/operator-flops.ts';
import type { StagePoint } from './roofline.ts';

/** From so much of what is moved, it is worth making fewer. */
const worthShare = 0.25;
/** A precision has to multiply so many times as fast to be worth a word. */
const worthTimes = 1.15;

/** "Reads 1.40 GB a token at 31.0 of 43.0 GB/s: bound by memory; int4 would help, fewer visual tokens would not." */
export function boundSentence(point: StagePoint, rates: MachineRates): string {
  return `${factsOf(point, rates)}; ${adviceOf(point, rates)}.`;
}

function factsOf(point: StagePoint, rates: MachineRates): string {
  const { bytes, flops, seconds, launches, shares, bytesPerSecond, flopsPerSecond } = point;
  const each = point.steps === null ? '' : ' a token';
  const moved = `${point.steps === null ? 'Moves' : 'Reads'} ${formatBytes(bytes)}${each}`;
  switch (point.bound) {
    case 'memory': {
      const rate = outOf(bytesPerSecond, rates.memoryBytesPerSecond, formatBytes);
      return `${moved} at ${rate}/s: bound by memory`;
    }
    case 'caches': {
      const gives = [bytesPerSecond, rates.memoryBytesPerSecond].map(formatBytes);
      return `${moved} at ${gives[0]}/s, faster than memory gives (${gives[1]}/s): bound by the processor’s caches, in which it lies`;
    }
    case 'arithmetic': {
      const most = rates.matrixFlopsPerSecond[point.precision];
      const rate = outOf(flopsPerSecond, most, formatOperations);
      return `Does ${formatOperations(flops)}${each} at ${rate}/s: bound by arithmetic`;
    }
    case 'launches': {
      const startsMs = ((launches ?? 0) * rates.launchMicroseconds) / 1000;
      const [starts, all] = [startsMs, seconds * 1000].map(formatMilliseconds);
      return `Starts ${formatCount(launches ?? 0)} operators${each}, which takes ${starts} of its ${all}: bound by launches`;
    }
    case 'neither': {
      const [memory, arithmetic] = [shares.memory, shares.arithmetic].map(percent);
      const started =
        shares.launches === null
          ? ''
          : `, and starts operators for ${percent(shares.launches)} of its time`;
      return `Reaches ${arithmetic} of the arithmetic and ${memory} of the memory that this machine gives${started}: bound by neither`;
    }
    default:
      return assertNever(point.bound);
  }
}

function adviceOf(point: StagePoint, rates: MachineRates): string {
  switch (point.bound) {
    case 'memory':
    case 'caches':
      return fewerBytes(point);
    case 'arithmetic':
      return fewerOperations(point, rates);
    case 'launches':
      return 'fewer layers would help, fewer bits would not';
    case 'neither':
      return point.costliest === null
        ? 'a run with the profiler tells which operators take its time, and whether starting them does'
        : `${percent(point.costliest.share)} of its time goes to ${point.costliest.kind}, the place to look`;
    default:
      return assertNever(point.bound);
  }
}

/** What is not said to help may help still, where weights are read several times in a pass. */
function fewerBytes({ stage, bytes, steps, precision }: StagePoint): string {
  const { weightsBytes, kvBytes } = stage.memory;
  const tokens = tokensOf(stage);
  const ofTokens = (steps === null ? bytes - weightsBytes : kvBytes) / bytes;
  if (stage.precision === null) return `${tokens} would help, fewer bits would not`;
  const weights = precision === 'int4' ? 'a smaller model' : 'int4';
  if (ofTokens < worthShare) return `${weights} would help, ${tokens} would not`;
  const fewer = steps === null ? tokens : `${tokens}, or keys and values in fewer bytes,`;
  return ofTokens > 1 - worthShare && stage.phase === null
    ? `${fewer} would help first`
    : `${weights} and ${fewer} would help`;
}

function fewerOperations({ stage, precision, steps }: StagePoint, rates: MachineRates): string {
  const tokens = steps === null ? tokensOf(stage) : 'a smaller model';
  const faster = fasterPrecision(precision, rates);
  if (stage.precision === null || faster === null)
    return `${tokens} would help, fewer bits would not`;
  return `${tokens} would help, and so would ${faster.precision}, which multiplies ${formatRate(faster.times)} times as fast here; faster memory would not`;
}

/** The one that multiplies the fastest on this machine, of those that round more; null where none is worth it. */
function fasterPrecision(own: Precision, { matrixFlopsPerSecond }: MachineRates) {
  const others = {
    float32: ['int8', 'int4', 'w8a8'],
    int8: ['int4', 'w8a8'],
    int4: ['w8a8'],
    w8a8: [],
  } as const;
  const [best] = others[own]
    .map((precision: Precision) => ({
      precision,
      times: matrixFlopsPerSecond[precision] / matrixFlopsPerSecond[own],
    }))
    .toSorted((a, b) => b.times - a.times);
  return best && best.times >= worthTimes ? best : null;
}

/** What there may be fewer of: a language model reads tokens, what comes before it pictures. */
const tokensOf = ({ phase, type }: StagePoint['stage']): string =>
  phase === null && type.startsWith('encoder/')
    ? 'fewer or smaller pictures'
    : 'fewer visual tokens';

/** "31.0 of 43.0 GB" */
function outOf(reached: number, most: number, format: (value: number) => string): string {
  const [part, whole] = [format(reached), format(most)];
  const unit = whole.slice(whole.lastIndexOf(thinSpace));
  return `${part.endsWith(unit) ? part.slice(0, -unit.length) : part} of ${whole}`;
}

const thinSpace = '\u2009';

/** "62%" */
const percent = (share: number): string => `${(share * 100).toFixed(share < 0.0995 ? 1 : 0)}%`;
