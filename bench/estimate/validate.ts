/** What presets were estimated to cost by efficiencies measured without them, beside what they were measured to cost. */
import { estimatePlan, type StageEstimate } from '#engine/estimate/estimate.ts';
import { estimateLatency } from '#engine/estimate/latency.ts';
import { operatorCost } from '#engine/estimate/operator-cost.ts';
import { readSizes } from '#engine/estimate/operator-flops.ts';
import {
  efficienciesOf,
  type OperatorEfficiencies,
} from '#engine/estimate/operator-efficiencies.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { median } from '#engine/profile/statistics.ts';
import { catalogue } from '#nodes/index.ts';
import { NotMeasured, planOf } from '../engine/run-graph.ts';
import { measuredDocument } from './measured-presets.ts';
import type { MeasuredPreset, MeasuredStage } from './measure-preset.ts';

/** Of stages, in the order in which they are told of. */
export const stageKinds = {
  encoder: 'encoders',
  projector: 'projectors and compressors',
  prefill: 'prefill',
  decode: 'decode, a token',
  other: 'other graphs',
} as const;
export type StageKind = keyof typeof stageKinds;

export interface StageComparison {
  readonly preset: string;
  readonly stage: string;
  readonly kind: StageKind;
  readonly estimatedMs: number;
  readonly measuredMs: number;
  /** By how much of what was measured operators that are alike were off, the farthest first. */
  readonly misses: readonly OperatorMiss[];
}

export interface OperatorMiss {
  readonly operators: string;
  /** Parts of the stage's measured time. */
  readonly estimated: number;
  readonly measured: number;
}

export interface MemoryComparison {
  readonly preset: string;
  readonly stage: string;
  readonly estimatedBytes: number;
  readonly measuredBytes: number;
}

export interface Comparison {
  readonly stages: readonly StageComparison[];
  readonly memory: readonly MemoryComparison[];
}

/** The share by which estimates were off, the middle one of all. */
export const medianError = (
  pairs: readonly { readonly estimated: number; readonly measured: number }[],
): number => median(pairs.map(({ estimated, measured }) => Math.abs(estimated / measured - 1)));

export const tableOf = (presets: readonly MeasuredPreset[]): OperatorEfficiencies => {
  const [first] = presets;
  if (!first)
    throw new NotMeasured('Nothing was measured; leave --only out, or ask for profile first.');
  return efficienciesOf(
    presets.flatMap(({ stages }) => stages),
    first.calibration,
  );
};

/** Each preset by what was measured of the others. */
export async function compareAll(presets: readonly MeasuredPreset[]): Promise<Comparison> {
  const all: Comparison[] = [];
  for (const preset of presets) {
    const others = presets.filter((other) => other !== preset);
    all.push(await comparePreset(preset, tableOf(others)));
  }
  return {
    stages: all.flatMap(({ stages }) => stages),
    memory: all.flatMap(({ memory }) => memory),
  };
}

async function comparePreset(
  { preset, calibration, stages }: MeasuredPreset,
  efficiencies: OperatorEfficiencies,
): Promise<Comparison> {
  const document = await measuredDocument(preset);
  if (!document.ok) throw new NotMeasured(document.problems[0]?.message);
  const plan = planOf(document.value);
  const checked = checkGraph(document.value, catalogue);
  const latency = estimateLatency(checked, plan, calibration, efficiencies);
  const costs = estimatePlan(checked, plan).stages;
  return {
    stages: stages.flatMap((measured) => {
      const foretold = latency.stages.find(({ stage }) => stage === measured.stage);
      if (!foretold) return [];
      const { ms, phase, tokensPerSecond } = foretold;
      const isDecode = phase === 'decode';
      if (isDecode && tokensPerSecond === null) return [];
      const estimatedMs = isDecode ? 1000 / (tokensPerSecond as number) : ms;
      const shares = Object.entries(foretold.byOperator).map(
        ([operators, part]) => [operators, ((part / ms) * estimatedMs) / measured.ms] as const,
      );
      return [
        {
          preset,
          stage: measured.stage,
          kind: kindOf(measured),
          estimatedMs,
          measuredMs: measured.ms,
          misses: missesOf(new Map(shares), measured),
        },
      ];
    }),
    memory: stages.flatMap((measured) => {
      const estimatedBytes = foretoldBytes(measured, stages, costs);
      const { stage, peakBytes } = measured;
      return estimatedBytes === null
        ? []
        : [{ preset, stage, estimatedBytes, measuredBytes: peakBytes }];
    }),
  };
}

function missesOf(
  estimated: ReadonlyMap<string, number>,
  { operators, precision }: MeasuredStage,
): readonly OperatorMiss[] {
  const all = operators.reduce((sum, { profiledMs }) => sum + profiledMs, 0);
  const measured = new Map<string, number>();
  for (const operator of operators) {
    const { kind, size } = operatorCost(readSizes(operator), precision);
    const key = `${kind} ${size}`;
    measured.set(key, (measured.get(key) ?? 0) + operator.profiledMs / all);
  }
  return [...new Set([...estimated.keys(), ...measured.keys()])]
    .map((key) => ({
      operators: key,
      estimated: estimated.get(key) ?? 0,
      measured: measured.get(key) ?? 0,
    }))
    .toSorted((a, b) => missOf(b) - missOf(a));
}

const missOf = ({ estimated, measured }: OperatorMiss): number => Math.abs(estimated - measured);

function kindOf({ phase, type }: MeasuredStage): StageKind {
  if (phase === 'prefill' || phase === 'decode') return phase;
  const [family = ''] = type.split('/');
  if (family === 'encoder') return family;
  return family === 'projector' || family === 'compression' ? 'projector' : 'other';
}

/** Of a language model prefill holds the most; the table of embeddings has a row of its own. */
function foretoldBytes(
  { stage, phase }: MeasuredStage,
  stages: readonly MeasuredStage[],
  costs: readonly StageEstimate[],
): number | null {
  if (phase === null) return costs.find(({ id }) => id === stage)?.peakBytes ?? null;
  if (phase !== 'prefill') return null;
  const node = stage.slice(0, -'/prefill'.length);
  const cost = costs.find(({ id }) => id === node);
  const embed = stages.find((other) => other.stage === `${node}/embed`);
  return cost ? cost.peakBytes - (embed?.weightsBytes ?? 0) : null;
}
