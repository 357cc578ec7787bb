/** Starts runs at the host, stops them, and comes back to them. */
import { z } from 'zod';
import type { Problem } from '#engine/contract/problem.ts';
import type { RunRequest } from '#engine/contract/run-request.ts';
import { problemAction } from '#renderer/analysis/problem-action.ts';
import { ask, askPlain, host } from '#renderer/connection/host-client.ts';
import { tell, tellProblems } from '#renderer/notices/notices.ts';
import { showResults, view } from '#renderer/view/view-store.ts';
import { activeDocument, workspace } from '#renderer/workspace/workspace-store.ts';
import { follow } from './follow-run.ts';
import { isOver } from './live-run.ts';
import { addRun, goingRun, keptRuns, runStore, updateRun, type FollowedRun } from './run-store.ts';

const documentsKey = 'patchbay-run-documents';
const documentsSchema = z.array(z.tuple([z.string(), z.string()]));

/** The latest runs with the graphs that they belong to, remembered over a reload. */
function keptDocuments(): z.infer<typeof documentsSchema> {
  return documentsSchema.parse(JSON.parse(sessionStorage.getItem(documentsKey) ?? '[]'));
}

export function keepDocument(runId: string, documentId: string): void {
  const kept = [...keptDocuments(), [runId, documentId]].slice(-keptRuns);
  sessionStorage.setItem(documentsKey, JSON.stringify(kept));
}

/** A browser holds six connections to one server, each followed run takes one, and calls need some too. */
const mostGoing = 4;

/** Do as many runs go on as can be followed? Tells so then. */
export function areTooMany(more: number): boolean {
  const going = runStore.getState().runs.filter(({ live }) => !isOver(live)).length;
  if (going + more <= mostGoing) return false;
  tell(`${mostGoing} runs go on or wait already; wait for one, or cancel one.`);
  return true;
}

/** What is run, and as what the person has set. */
export function requestOf({
  document,
  baseFolder,
  until,
}: Pick<FollowedRun, 'baseFolder' | 'until'> & Pick<RunRequest, 'document'>): RunRequest {
  const { passes, priority, threads } = view.getState();
  return {
    document,
    ...(passes !== null && { runs: passes }),
    ...(threads !== null && { threads }),
    ...(priority !== 'normal' && { priority }),
    ...(baseFolder !== null && { baseFolder }),
    ...(until !== null && { until }),
  };
}

/** Runs the graph at the front, or what leads to one of its nodes; under the profiler too, where operators are wanted. */
export async function startRun(until: string | null = null, operators = false): Promise<void> {
  const open = activeDocument(workspace.getState());
  if (!open || goingRun(runStore.getState(), open.id) || areTooMany(1)) return;
  const { id: documentId, document, file } = open;
  const baseFolder = file?.folder ?? null;
  const { runs, ...request } = requestOf({ document, baseFolder, until });
  const outcome = await ask(
    host.startRun.mutate({
      ...request,
      // A second pass would find everything read.
      ...(view.getState().reuses ? { reuse: true } : runs !== undefined && { runs }),
      ...(operators && { operators }),
    }),
  );
  if (!outcome.ok) return tellRefused(outcome.problems);
  const { runId } = outcome.value;
  keepDocument(runId, documentId);
  const startedAt = new Date().toISOString();
  const graph = document.title;
  addRun({ runId, graph, documentId, document, baseFolder, until, startedAt, rounds: null });
  showResults(operators ? 'operators' : 'stages');
  void follow(runId, { end: 'news' });
}

/** What can be allowed stands among the problems, each with the way to do so; the first is told. */
export function tellRefused(problems: readonly Problem[]): void {
  const [first] = problems;
  if (first?.unchosen === undefined) return tellProblems(problems);
  showResults('problems');
  tellProblems([first], problemAction(first) ?? undefined);
}

/** Between stages and tokens; asked again, the engine process ends at once. */
export async function cancelRun(runId: string, hard: boolean): Promise<void> {
  updateRun(runId, (run) => ({ ...run, isCancelling: true }));
  const run = runStore.getState().runs.find((each) => each.runId === runId);
  const outcome = await ask(host.cancelRun.mutate({ runId: run?.hostRunId ?? runId, hard }));
  if (!outcome.ok) tellProblems(outcome.problems);
}

/** Comes back to the runs that the host still knows, as after a reload. */
export async function restoreRuns(): Promise<void> {
  const known = await askPlain(host.runs.query(), []);
  const documents = new Map(keptDocuments());
  const unknown = { document: null, baseFolder: null, rounds: null };
  for (const { runId, graph, until, startedAt, ended } of known.toReversed()) {
    const documentId = documents.get(runId) ?? null;
    addRun({ runId, graph, until, documentId, startedAt, ...unknown });
    void follow(runId, { end: ended ? 'known' : 'news' });
  }
}
