/** A preset run at its true size with its operators profiled, and what is kept of it between commands. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { calibrationSchema, type Calibration } from '#engine/contract/calibration.ts';
import { operatorSchema } from '#engine/contract/operators.ts';
import type { Report, StageReport } from '#engine/contract/report.ts';
import { stepsOf } from '#engine/profile/roofline.ts';
import { cacheFolder } from '#host/cache/cache-folder.ts';
import type { LocalHost } from '#host/local-host.ts';
import { presetsFolder } from '#host/system/package-root.ts';
import { NotMeasured, runGraph } from '../engine/run-graph.ts';
import { measuredDocument, type MeasuredRow } from './measured-presets.ts';

const stageSchema = z.object({
  /** The id of the report's row. */
  stage: z.string(),
  type: z.string(),
  phase: z.string().nullable(),
  precision: z.enum(['float32', 'int8', 'int4', 'w8a8']),
  /** Median, of one pass or, where it is decoded, of one step. */
  ms: z.number(),
  weightsBytes: z.number(),
  peakBytes: z.number(),
  operators: z.array(operatorSchema),
});

const measuredSchema = z.object({
  preset: z.string(),
  /** What the machine reached then. */
  calibration: calibrationSchema,
  stages: z.array(stageSchema),
});

export type MeasuredStage = z.infer<typeof stageSchema>;
export type MeasuredPreset = z.infer<typeof measuredSchema>;

const runs = 3;

/** Throws `NotMeasured` where it cannot be run. */
export async function measurePreset(
  host: LocalHost,
  { preset, until }: MeasuredRow,
  calibration: Calibration,
): Promise<MeasuredPreset> {
  const document = await measuredDocument(preset);
  if (!document.ok) throw new NotMeasured(document.problems[0]?.message);
  const report = await runGraph(host, {
    document: document.value,
    baseFolder: presetsFolder,
    runs,
    operators: true,
    ...(until !== undefined && { until }),
  });
  const stages = report.stages.flatMap((stage) => measuredStage(stage, report));
  return measuredSchema.parse({ preset, calibration, stages });
}

function measuredStage(stage: StageReport, report: Report): readonly MeasuredStage[] {
  const { id, type, phase, precision, latencyMs, memory } = stage;
  const operators = report.operators.find((row) => row.stage === id)?.operators ?? [];
  if (operators.length === 0) return [];
  const timedSteps = phase === 'decode' ? stepsOf(stage, report) : 1;
  if (timedSteps === null) return [];
  return [
    {
      stage: id,
      type,
      phase,
      precision: precision ?? 'float32',
      ms: latencyMs.median / timedSteps,
      weightsBytes: memory.weightsBytes,
      peakBytes: memory.peakBytes,
      operators: operators.map((operator) => ({
        ...operator,
        inputs: [...operator.inputs],
        outputs: [...operator.outputs],
      })),
    },
  ];
}

const folder = join(cacheFolder(), 'bench-estimate');

export async function keepMeasured(measured: MeasuredPreset): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${measured.preset}.json`), JSON.stringify(measured));
}

/** Null where it was not measured yet. */
export async function keptMeasured({ preset }: MeasuredRow): Promise<MeasuredPreset | null> {
  const text = await readFile(join(folder, `${preset}.json`), 'utf8').catch(() => null);
  return text === null ? null : measuredSchema.parse(JSON.parse(text));
}
