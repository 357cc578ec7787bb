/** The runs that this window knows: started here or found at the host, each folded from its events. */
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import type { GraphDocument } from '#engine/contract/document.ts';
import type { Report } from '#engine/contract/report.ts';
import { foldReport } from '#engine/profile/report.ts';
import { isOver, newLiveRun, type LiveRun } from './live-run.ts';

export interface FollowedRun {
  readonly runId: string;
  /** What goes on of it at the host: itself, or of two runs in turn the round that either of them is at. */
  readonly hostRunId: string;
  /** The open graph that it runs; null where that is not known any more. */
  readonly documentId: string | null;
  /** The graph as it was when it was started here; null for a run found at the host. */
  readonly document: GraphDocument | null;
  /** Where its file lay then. */
  readonly baseFolder: string | null;
  /** The node after which it stops; null for the whole graph. */
  readonly until: string | null;
  readonly graph: string;
  readonly startedAt: string;
  /** How many rounds it takes, in turn with another run's; null for a run of its own. */
  readonly rounds: number | null;
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
export const keptRuns = 20;

export const showRun = (runId: string | null): void => runStore.setState({ shownId: runId });

/** Of three the oldest choice gives way. */
export function toggleCompared(runId: string): void {
  runStore.setState(({ comparedIds }) => ({
    comparedIds: comparedIds.includes(runId)
      ? comparedIds.filter((id) => id !== runId)
      : [...comparedIds, runId].slice(-2),
  }));
}

/** Side by side from now on, whatever was chosen before. */
export const compare = (runIds: readonly string[]): void =>
  runStore.setState({ comparedIds: runIds });

export function addRun(
  run: Omit<FollowedRun, 'hostRunId' | 'live' | 'report' | 'isCancelling'>,
): void {
  const followed = {
    ...run,
    hostRunId: run.runId,
    isCancelling: false,
    live: newLiveRun,
    report: foldReport(run.graph, []),
  };
  runStore.setState(({ runs }) => ({
    runs: [followed, ...runs.filter(({ runId }) => runId !== run.runId)].slice(0, keptRuns),
    shownId: null,
  }));
}

export function updateRun(runId: string, change: (run: FollowedRun) => FollowedRun): void {
  runStore.setState(({ runs }) => ({
    runs: runs.map((run) => (run.runId === runId ? change(run) : run)),
  }));
}
