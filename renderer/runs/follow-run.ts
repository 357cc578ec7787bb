/** Follows a run at the host: what it tells is folded into what this window knows of it. */
import type { NumberedEvent } from '#engine/contract/host-service.ts';
import type { Report } from '#engine/contract/report.ts';
import { isLast, type RunEvent } from '#engine/contract/run-event.ts';
import { foldRounds } from '#engine/profile/fold-rounds.ts';
import { foldReport } from '#engine/profile/report.ts';
import { host } from '#renderer/connection/host-client.ts';
import { tell } from '#renderer/notices/notices.ts';
import { showResults, view } from '#renderer/view/view-store.ts';
import { activate, workspace } from '#renderer/workspace/workspace-store.ts';
import { foldLive } from './live-run.ts';
import { runStore, showRun, updateRun } from './run-store.ts';

/** Of such events alone the figures stay what they are; a sample of memory waits for the next that changes any. */
const changesNoFigure = new Set<RunEvent['type']>(['token', 'stage-progress', 'memory-sampled']);

/** Tokens come faster than a screen is drawn. */
const foldPauseMs = 50;

/** What is one run here may be several at the host. */
const reportOf = (graph: string, rounds: readonly (readonly RunEvent[])[]): Report =>
  rounds.length === 1 ? foldReport(graph, rounds[0] ?? []) : foldRounds(graph, rounds);

interface Following {
  /** Is the run's end `news`, `known` since before the page was loaded, or that of a round with others to come? */
  readonly end: 'news' | 'known' | 'of-a-round';
  /** What its rounds before have told. */
  readonly before?: readonly (readonly RunEvent[])[];
}

/** Follows the run, or the round of it that the host knows by `hostRunId` → all that it told, at its end. */
export function follow(
  runId: string,
  { end, before = [] }: Following,
  hostRunId = runId,
): Promise<readonly RunEvent[]> {
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
        ? reportOf(run.graph, [...before, events])
        : run.report,
    }));
  };
  return new Promise((resolve) => {
    const hear = ({ number, event }: NumberedEvent): void => {
      if (number <= seen) return;
      seen = number;
      events.push(event);
      if (isLast(event)) {
        clearTimeout(timer);
        fold();
        if (end === 'news') sayHowItEnded(runId, event);
        subscription.unsubscribe();
        resolve(events);
      } else timer ??= setTimeout(fold, foldPauseMs);
    };
    const subscription = host.runEvents.subscribe(
      { runId: hostRunId, after: -1 },
      {
        onData: ({ data }) => hear(data),
        onError: (cause: Error) => {
          tell(`The run can no longer be followed: ${cause.message}`);
          resolve(events);
        },
      },
    );
  });
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
