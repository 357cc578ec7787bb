/** A run of a `LocalHost` whose events a test can wait for. */
import { isLast, type RunEvent } from '#engine/contract/run-event.ts';
import type { RunRequest } from '#engine/contract/run-request.ts';
import type { LocalHost } from '../local-host.ts';
import { isLike, type EventLike } from './engine-hold.testing.ts';

export interface FollowedRun {
  readonly runId: string;
  /** So far. */
  readonly events: readonly RunEvent[];
  /** The first event, past or to come, that a test is looking for; throws where the run ends without it. */
  readonly until: (wanted: EventLike) => Promise<RunEvent>;
  readonly last: () => Promise<RunEvent>;
}

export async function startRun(
  host: LocalHost,
  document: RunRequest['document'],
  request: Partial<RunRequest> = {},
): Promise<FollowedRun> {
  const started = await host.startRun({ document, runs: 1, ...request });
  if (!started.ok) throw new Error(started.problems[0]?.message);
  const { runId } = started.value;
  const events: RunEvent[] = [];
  const first = async (isWanted: (event: RunEvent) => boolean): Promise<RunEvent> => {
    for await (const { event } of host.runEvents(runId, -1)) if (isWanted(event)) return event;
    throw new Error(`The run ended otherwise: ${JSON.stringify(events.at(-1))}`);
  };
  void (async () => {
    for await (const { event } of host.runEvents(runId, -1)) events.push(event);
  })();
  return {
    runId,
    events,
    until: (wanted) => first((event) => isLike(event, wanted)),
    last: () => first(isLast),
  };
}
