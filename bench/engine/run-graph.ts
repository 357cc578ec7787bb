/** A graph run by an engine process of its own, and what came of it. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { GraphDocument } from '#engine/contract/document.ts';
import type { Problem } from '#engine/contract/problem.ts';
import type { Report } from '#engine/contract/report.ts';
import type { RunEvent } from '#engine/contract/run-event.ts';
import type { RunRequest } from '#engine/contract/run-request.ts';
import { foldReport } from '#engine/profile/report.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { planGraph, type Plan, type Stage } from '#engine/plan/plan.ts';
import { LocalHost } from '#host/local-host.ts';
import { catalogue } from '#nodes/index.ts';

const engine = join(dirname(fileURLToPath(import.meta.url)), 'engine-process.js');

/** A row that cannot be measured: the message says why. */
export class NotMeasured extends Error {}

/** Throws `NotMeasured` with the first error that a person could mend. */
export function planOf(document: GraphDocument, until?: string): Plan {
  const checked = checkGraph(document, catalogue);
  const plan = planGraph(checked, until === undefined ? {} : { until });
  if (!plan.ok) throw new NotMeasured(sentenceOf(plan.problems));
  return plan.value;
}

export type OnnxStage = Stage & { readonly body: Extract<Stage['body'], { kind: 'onnx' }> };

/** The stage of a node that is an ONNX graph. */
export function onnxStageOf({ stages }: Plan, id: string): OnnxStage {
  const stage = stages.find((each) => each.id === id);
  if (stage?.body.kind !== 'onnx') throw new Error(`"${id}" is no ONNX graph.`);
  return { ...stage, body: stage.body };
}

/** Gives `work` an engine process, which ends with it. */
export async function withEngine<Result>(
  work: (host: LocalHost) => Promise<Result>,
): Promise<Result> {
  const host = new LocalHost(engine);
  try {
    return await work(host);
  } finally {
    await host.close();
  }
}

/** Throws `NotMeasured` where the run fails. `heard` is told of every event as it comes. */
export async function runGraph(
  host: LocalHost,
  request: RunRequest,
  heard: (event: RunEvent) => void = () => undefined,
): Promise<Report> {
  const started = await host.startRun(request);
  if (!started.ok) throw new NotMeasured(sentenceOf(started.problems));
  const events: RunEvent[] = [];
  for await (const { event } of host.runEvents(started.value.runId, -1)) {
    events.push(event);
    heard(event);
  }
  const report = foldReport(request.document.title, events);
  const errors = report.problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new NotMeasured(sentenceOf(errors));
  return report;
}

const sentenceOf = (problems: readonly Problem[]): string =>
  (problems.find(({ severity }) => severity === 'error') ?? problems[0])?.message ?? 'It failed.';
