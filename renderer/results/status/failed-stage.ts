/** Where a run failed: the stage that was at work, or the one that was refused before its turn. Pure. */
import { rowTitle } from '#engine/contract/run-event.ts';
import type { LiveRun } from '#renderer/runs/live-run.ts';

export interface FailedStage {
  /** The stage's id. */
  readonly id: string;
  readonly title: string;
}

/** Null where the run did not fail, or failed before there were stages. */
export function failedStage({
  status,
  problems,
  stages,
  order,
  current,
}: LiveRun): FailedStage | null {
  if (status !== 'failed') return null;
  const node = problems.find(({ severity }) => severity === 'error')?.node;
  const atWork = current === null ? undefined : stages[current];
  if (atWork && (node === undefined || node === atWork.facts.node))
    return { id: atWork.facts.id, title: rowTitle(atWork.facts) };
  // Weights and inputs of all stages are looked at while the first ones run.
  const refused = order.find((id) => stages[id]?.facts.node === node);
  const facts = refused === undefined ? undefined : stages[refused]?.facts;
  return facts ? { id: facts.id, title: facts.title } : null;
}
