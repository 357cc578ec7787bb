/** What presets were estimated to cost by efficiencies measured without them, beside what they were measured to cost. */
import { estimatePlan, type StageEstimate } from '#engine/estimate/estimate.ts';
import { estimateLatency } from '#engine/estimate/latency.ts';
import { alikeKey } from '#engine/estimate/operator-cost.ts';
import { stageOperators, type StageOperators } from '#engine/estimate/stage-operators.ts';
import type { CheckedGraph } from '#engine/graph/check.ts';
import type { Plan } from '#engine/plan/plan.ts';
import {
  efficienciesOf,
  type OperatorEfficiencies,
  type ProfiledStage,
} from '#engine/estimate/operator-efficiencies.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { median } from '#engine/profile/statistics.ts';
import { sizeBytes } from '#engine/onnx/value.ts';
import { catalogue } from '#nodes/index.ts';
import { NotMeasured, planOf } from '../engine/run-graph.ts';
import { measuredDocument, type MeasuredRow } from './measured-presets.ts';
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

/** A preset as it was measured, with what it was foretold to start. */
export interface ForetoldPreset {
  readonly measured: MeasuredPreset;
  readonly checked: CheckedGraph;
  readonly plan: Plan;
  readonly work: readonly StageOperators[];
}

export async function foretell(
  measured: MeasuredPreset,
  { until }: MeasuredRow,
): Promise<ForetoldPreset> {
  const document = await measuredDocument(measured.preset);
  if (!document.ok) throw new NotMeasured(document.problems[0]?.message);
  const plan = planOf(document.value, until);
  const checked = checkGraph(document.value, catalogue);
  return { measured, checked, plan, work: stageOperators(checked, plan) };
}

export function tableOf(presets: readonly ForetoldPreset[]): OperatorEfficiencies {
  const [first] = presets;
  if (!first)
    throw new NotMeasured('Nothing was measured; leave --only out, or ask for profile first.');
  return efficienciesOf(presets.flatMap(profiledStages), first.measured.calibration);
}

/** Of embedding a prompt most is the host's own work, and all of it about a millisecond. */
const timedStages = ({ stages }: Pick<MeasuredPreset, 'stages'>): readonly MeasuredStage[] =>
  stages.filter(({ phase }) => phase !== 'embed');

function profiledStages({ measured, work }: ForetoldPreset): readonly ProfiledStage[] {
  return timedStages(measured).flatMap(({ stage, ms, operators }) => {
    const foretold = work.find((each) => each.stage === stage);
    if (!foretold) return [];
    return [{ operators: foretold.operators, ms, profiled: operators }];
  });
}

/** Each preset by what was measured of the others. */
export function compareAll(presets: readonly ForetoldPreset[]): Comparison {
  const all = presets.map((preset) =>
    comparePreset(preset, tableOf(presets.filter((other) => other !== preset))),
  );
  return {
    stages: all.flatMap(({ stages }) => stages),
    memory: all.flatMap(({ memory }) => memory),
  };
}

function comparePreset(
  foretoldPreset: ForetoldPreset,
  efficiencies: OperatorEfficiencies,
): Comparison {
  const { measured, checked, plan, work } = foretoldPreset;
  const { preset, calibration, stages } = measured;
  const latency = estimateLatency(checked, plan, calibration, efficiencies);
  const costs = estimatePlan(checked, plan).stages;
  return {
    stages: timedStages(measured).flatMap((row) => {
      const isThis = ({ stage }: { readonly stage: string }) => stage === row.stage;
      const foretold = latency.stages.find(isThis);
      const started = work.find(isThis);
      if (!foretold || !started || started.steps === 0) return [];
      const estimatedMs = foretold.ms / started.steps;
      const shares = Object.entries(foretold.byOperator).map(
        ([operators, ms]) => [operators, ms / started.steps / row.ms] as const,
      );
      return [
        {
          preset,
          stage: row.stage,
          kind: kindOf(row),
          estimatedMs,
          measuredMs: row.ms,
          misses: missesOf(new Map(shares), row, started),
        },
      ];
    }),
    memory: stages.flatMap((row) => {
      const estimatedBytes = foretoldBytes(row, stages, plan, costs);
      const { stage, peakBytes } = row;
      return estimatedBytes === null
        ? []
        : [{ preset, stage, estimatedBytes, measuredBytes: peakBytes }];
    }),
  };
}

function missesOf(
  estimated: ReadonlyMap<string, number>,
  { operators }: MeasuredStage,
  started: StageOperators,
): readonly OperatorMiss[] {
  const keys = new Map(started.operators.map(({ name, cost }) => [name, alikeKey(cost)]));
  const all = operators.reduce((sum, { profiledMs }) => sum + profiledMs, 0);
  const measured = new Map<string, number>();
  for (const operator of operators) {
    const key = keys.get(operator.name) ?? `${operator.kind} of no name`;
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

/**
 * What a stage is given lies in memory before it begins, and is none of its row. Of a language model prefill holds the
 * most; the table of embeddings has a row of its own.
 */
function foretoldBytes(
  { stage, phase }: MeasuredStage,
  stages: readonly MeasuredStage[],
  plan: Plan,
  costs: readonly StageEstimate[],
): number | null {
  const [node] = stage.split('/') as [string];
  const cost = costs.find(({ id }) => id === node);
  const body = plan.stages.find(({ id }) => id === node)?.body;
  if (!cost || !body) return null;
  if (body.kind === 'onnx') {
    const dims = body.dims();
    const given = body.model.inputs.reduce((sum, value) => sum + sizeBytes(value, dims), 0);
    return cost.peakBytes - given;
  }
  if (phase !== 'prefill') return null;
  const embed = stages.find((other) => other.stage === `${node}/embed`);
  return cost.peakBytes - (embed?.weightsBytes ?? 0);
}
