/** One run of a graph that a command line names, followed to its end. */
import type { HostService } from '#engine/contract/host-service.ts';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import type { Report } from '#engine/contract/report.ts';
import type { RunEvent } from '#engine/contract/run-event.ts';
import { runLimits } from '#engine/contract/run-request.ts';
import { foldReport } from '#engine/profile/report.ts';
import { ProgressLine } from '../terminal/progress-line.ts';
import type { Caller } from './command.ts';
import type { Given } from './given-run.ts';
import type { NamedGraph } from './read-graph.ts';

/** Its events, or why it was not begun; null where it was interrupted. */
export async function runOnce(
  { document, baseFolder }: NamedGraph,
  given: Given,
  caller: Caller,
  host: HostService,
): Promise<Outcome<readonly RunEvent[]> | null> {
  const long = given.prompt === undefined ? 0 : given.prompt.length;
  if (long > runLimits.promptCharacters) {
    const message = `The prompt has ${long} characters, at most ${runLimits.promptCharacters} are read; shorten it.`;
    return fail(error('context-overflow', message));
  }
  const started = await caller.startRun({ document, baseFolder, ...given });
  if (!started.ok) return started;
  const events: RunEvent[] = [];
  const line = new ProgressLine();
  const { runId } = started.value;
  for await (const { event } of host.runEvents(runId, -1)) {
    events.push(event);
    line.show(event);
  }
  line.clear();
  return events.at(-1)?.type === 'run-cancelled' ? null : ok(events);
}

/** Of a run, or of why there was none. */
export function reportOf(graph: string, ran: Outcome<readonly RunEvent[]>): Report {
  if (ran.ok) return foldReport(graph, ran.value);
  return { ...foldReport(graph, []), problems: ran.problems };
}
