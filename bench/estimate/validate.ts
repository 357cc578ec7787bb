/** What presets were estimated to cost by efficiencies measured without them, beside what they were measured to cost. */
import { estimatePlan, type StageEstimate } from '#engine/estimate/estimate.ts';
import { estimateLatency } from '#engine/estimate/latency.ts';
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
      return [
        {
          preset,
          stage: measured.stage,
          kind: kindOf(measured),
          estimatedMs: isDecode ? 1000 / (tokensPerSecond as number) : ms,
          measuredMs: measured.ms,
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
