/** The runs that this window knows: started here or found at the host, each folded from its events. */
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import { z } from 'zod';
import type { GraphDocument } from '#engine/contract/document.ts';
import type { NumberedEvent } from '#engine/contract/host-service.ts';
import type { Problem } from '#engine/contract/problem.ts';
import type { Report } from '#engine/contract/report.ts';
import { isLast, type RunEvent } from '#engine/contract/run-event.ts';
import { foldReport } from '#engine/profile/report.ts';
import { problemAction } from '#renderer/analysis/problem-action.ts';
import { ask, askPlain, host } from '#renderer/connection/host-client.ts';
import { tell, tellProblems } from '#renderer/notices/notices.ts';
import { showResults, view } from '#renderer/view/view-store.ts';
import { activate, activeDocument, workspace } from '#renderer/workspace/workspace-store.ts';
import { foldLive, isOver, newLiveRun, type LiveRun } from './live-run.ts';

export interface FollowedRun {
  readonly runId: string;
  /** The open graph that it runs; null where that is not known any more. */
  readonly documentId: string | null;
  /** The graph as it was when it was started here; null for a run found at the host. */
  readonly document: GraphDocument | null;
  /** The node after which it stops; null for the whole graph. */
  readonly until: string | null;
  readonly graph: string;
  readonly startedAt: string;
  /** Was it asked to stop? */
  readonly isCancelling: boolean;
  readonly live: LiveRun;
  /** As far as is known; complete once the run is over. */
  readonly report: Report;
}

interface Runs {
  /** The latest first. */
  readonly runs: readonly FollowedRun[];
  /** The run whose figures are shown; null for the active document's latest. */
  readonly shownId: string | null;
  /** Two runs side by side, or fewer. */
  readonly comparedIds: readonly string[];
}

export const runStore = createStore<Runs>(() => ({ runs: [], shownId: null, comparedIds: [] }));

export function useRuns<Value>(pick: (runs: Runs) => Value): Value {
  return useStore(runStore, pick);
}

/** The run whose figures a graph's cards show: the chosen one where it is the graph's own, else its latest. */
export function ownRun({ runs, shownId }: Runs, documentId: string | null): FollowedRun | null {
  const own = runs.filter((run) => run.documentId === documentId);
  return own.find(({ runId }) => runId === shownId) ?? own[0] ?? null;
}

/** The run that the results show, be it another graph's. */
export function shownRun(runs: Runs, documentId: string | null): FollowedRun | null {
  return runs.runs.find(({ runId }) => runId === runs.shownId) ?? ownRun(runs, documentId);
}

/** The run of a graph that goes on, or waits its turn. */
export function goingRun({ runs }: Runs, documentId: string | null): FollowedRun | null {
  return runs.find((run) => run.documentId === documentId && !isOver(run.live)) ?? null;
}

/** As many as the host keeps. */
const keptRuns = 20;

const documentsKey = 'patchbay-run-documents';
const documentsSchema = z.array(z.tuple([z.string(), z.string()]));

/** The latest runs with the graphs that they belong to, remembered over a reload. */
function keptDocuments(): z.infer<typeof documentsSchema> {
  return documentsSchema.parse(JSON.parse(sessionStorage.getItem(documentsKey) ?? '[]'));
}

function keepDocument(runId: string, documentId: string): void {
  const kept = [...keptDocuments(), [runId, documentId]].slice(-keptRuns);
  sessionStorage.setItem(documentsKey, JSON.stringify(kept));
}

/** A browser holds six connections to one server, each followed run takes one, and calls need some too. */
const mostGoing = 4;

/** Runs the graph at the front, or what leads to one of its nodes; under the profiler too, where operators are wanted. */
export async function startRun(until: string | null = null, operators = false): Promise<void> {
  const open = activeDocument(workspace.getState());
  if (!open || goingRun(runStore.getState(), open.id)) return;
  if (runStore.getState().runs.filter(({ live }) => !isOver(live)).length >= mostGoing)
    return tell(`${mostGoing} runs go on or wait already; wait for one, or cancel one.`);
  const { passes, priority, reuses, threads } = view.getState();
  const outcome = await ask(
    host.startRun.mutate({
      document: open.document,
      // A second pass would find everything read.
      ...(reuses && { reuse: true }),
      ...(!reuses && passes !== null && { runs: passes }),
      ...(threads !== null && { threads }),
      ...(priority !== 'normal' && { priority }),
      ...(open.file && { baseFolder: open.file.folder }),
      ...(until !== null && { until }),
      ...(operators && { operators }),
    }),
  );
  if (!outcome.ok) return tellRefused(outcome.problems);
  const { runId } = outcome.value;
  keepDocument(runId, open.id);
  const { id: documentId, document } = open;
  const startedAt = new Date().toISOString();
  add({ runId, graph: document.title, documentId, document, until, startedAt });
  showResults(operators ? 'operators' : 'stages');
  follow(runId, 'news');
}

/** What can be allowed stands among the problems, each with the way to do so; the first is told. */
function tellRefused(problems: readonly Problem[]): void {
  const [first] = problems;
  if (first?.unchosen === undefined) return tellProblems(problems);
  showResults('problems');
  tellProblems([first], problemAction(first) ?? undefined);
}

/** Between stages and tokens; asked again, the engine process ends at once. */
export async function cancelRun(runId: string, hard: boolean): Promise<void> {
  updateRun(runId, (run) => ({ ...run, isCancelling: true }));
  const outcome = await ask(host.cancelRun.mutate({ runId, hard }));
  if (!outcome.ok) tellProblems(outcome.problems);
}

/** Comes back to the runs that the host still knows, as after a reload. */
export async function restoreRuns(): Promise<void> {
  const known = await askPlain(host.runs.query(), []);
  const documents = new Map(keptDocuments());
  for (const { runId, graph, until, startedAt, ended } of known.toReversed()) {
    const documentId = documents.get(runId) ?? null;
    add({ runId, graph, until, documentId, document: null, startedAt });
    follow(runId, ended ? 'known' : 'news');
  }
}

export const showRun = (runId: string | null): void => runStore.setState({ shownId: runId });

/** Of three the oldest choice gives way. */
export function toggleCompared(runId: string): void {
  runStore.setState(({ comparedIds }) => ({
    comparedIds: comparedIds.includes(runId)
      ? comparedIds.filter((id) => id !== runId)
      : [...comparedIds, runId].slice(-2),
  }));
}

function add(run: Omit<FollowedRun, 'live' | 'report' | 'isCancelling'>): void {
  const followed = {
    ...run,
    isCancelling: false,
    live: newLiveRun,
    report: foldReport(run.graph, []),
  };
  runStore.setState(({ runs }) => ({
    runs: [followed, ...runs.filter(({ runId }) => runId !== run.runId)].slice(0, keptRuns),
    shownId: null,
  }));
}

/** Of such events alone the figures stay what they are; a sample of memory waits for the next that changes any. */
const changesNoFigure = new Set<RunEvent['type']>(['token', 'stage-progress', 'memory-sampled']);

/** Tokens come faster than a screen is drawn. */
const foldPauseMs = 50;

/** Is the run's end `news`, or `known` since before the page was loaded? */
function follow(runId: string, end: 'news' | 'known'): void {
  const events: RunEvent[] = [];
  let folded = 0;
  let seen = -1;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const fold = (): void => {
    timer = undefined;
    const fresh = events.slice(folded);
    folded = events.length;
    updateRun(runId, (run) => ({
      ...run,
      live: fresh.reduce(foldLive, run.live),
      report: fresh.some(({ type }) => !changesNoFigure.has(type))
        ? foldReport(run.graph, events)
        : run.report,
    }));
  };
  const hear = ({ number, event }: NumberedEvent): void => {
    if (number <= seen) return;
    seen = number;
    events.push(event);
    if (isLast(event)) {
      clearTimeout(timer);
      fold();
      if (end === 'news') sayHowItEnded(runId, event);
      subscription.unsubscribe();
    } else timer ??= setTimeout(fold, foldPauseMs);
  };
  const subscription = host.runEvents.subscribe(
    { runId, after: -1 },
    {
      onData: ({ data }) => hear(data),
      onError: (cause: Error) => tell(`The run can no longer be followed: ${cause.message}`),
    },
  );
}

/** Only where the results, which say it at length, are out of sight. */
function sayHowItEnded(runId: string, event: RunEvent): void {
  const run = runStore.getState().runs.find((other) => other.runId === runId);
  if (!run || event.type === 'run-cancelled') return;
  const isInSight =
    !view.getState().folded.results && workspace.getState().activeId === run.documentId;
  if (isInSight) return;
  const show = (): void => {
    if (run.documentId !== null) activate(run.documentId);
    showRun(runId);
    showResults('stages');
  };
  const how = event.type === 'run-failed' ? 'failed' : 'is done';
  tell(`The run of ${run.graph || 'a graph'} ${how}.`, { title: 'Show', run: show });
}

function updateRun(runId: string, change: (run: FollowedRun) => FollowedRun): void {
  runStore.setState(({ runs }) => ({
    runs: runs.map((run) => (run.runId === runId ? change(run) : run)),
  }));
}
