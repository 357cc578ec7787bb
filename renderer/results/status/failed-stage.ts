/** Where a run failed: the stage that was at work, or the one that was refused before its turn. Pure. */
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
    return { id: atWork.facts.id, title: atWork.facts.title };
  // Weights and inputs of all stages are looked at while the first ones run.
  const refused = order.find((id) => stages[id]?.facts.node === node);
  const facts = refused === undefined ? undefined : stages[refused]?.facts;
  if (!facts) return null;
  const isPhase = facts.id !== facts.node;
  return { id: facts.id, title: isPhase ? facts.title.replace(/ · [^·]*$/, '') : facts.title };
}
