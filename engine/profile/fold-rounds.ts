/** Runs of one graph as one report, as two graphs that are compared are run in turn, round by round. */
import type { Report } from '../contract/report.ts';
import type { RunEvent } from '../contract/run-event.ts';
import { noiseSentences } from './pass-sentences.ts';
import { foldReport } from './report.ts';

/**
 * All passes of all rounds count as those of one run would. Memory over time is that of the first round; of what
 * disturbed any of them the last is told.
 */
export function foldRounds(graph: string, rounds: readonly (readonly RunEvent[])[]): Report {
  let before = 0;
  const events: RunEvent[] = [];
  for (const round of rounds) {
    const told = round.map((event) => countedOn(event, before));
    events.push(...told);
    before = Math.max(
      before,
      ...told.map((event) => (event.type === 'run-measured' ? event.run : 0)),
    );
  }
  const each = rounds.map((round) => foldReport(graph, round));
  const disturbed = each.findLast(({ noise }) => noiseSentences(noise).length > 0);
  return {
    ...foldReport(graph, events),
    noise: disturbed?.noise ?? each.at(-1)?.noise ?? null,
    memoryOverTime: each[0]?.memoryOverTime ?? [],
  };
}

/** Pass 0 warms up, in every round. */
function countedOn(event: RunEvent, before: number): RunEvent {
  if (!('run' in event) || event.run === undefined || event.run === 0) return event;
  return { ...event, run: event.run + before };
}
