/** Where one card stands in the run that is shown: its stages, folded to a few words and figures. Pure. */
import type { StageReport } from '#engine/contract/report.ts';
import { isDecoding } from '#engine/contract/run-event.ts';
import { isOver, type LiveRun, type StageState } from '#renderer/runs/live-run.ts';
import type { FollowedRun } from '#renderer/runs/run-store.ts';
import { measuredFoot, type MeasuredFoot } from './foot-text.ts';

export interface CardRun {
  /** "decoding 23/64"; null while nothing goes on here. */
  readonly state: string | null;
  /** Is the run at this card right now? */
  readonly isGoing: boolean;
  /** Of the present phase, 0 to 1; null where that is not known or nothing goes on. */
  readonly share: number | null;
  /** Why the run failed here; null where it did not. */
  readonly failure: string | null;
  readonly foot: MeasuredFoot | null;
}

const idle: CardRun = { state: null, isGoing: false, share: null, failure: null, foot: null };

interface Rows {
  readonly states: readonly StageState[];
  readonly reports: readonly StageReport[];
}

const noRows: Rows = { states: [], reports: [] };
const rowsOf = new WeakMap<FollowedRun, ReadonlyMap<string, Rows>>();

export function cardRun(run: FollowedRun | null, node: string): CardRun {
  if (!run) return idle;
  const { states, reports } = rowsByNode(run).get(node) ?? noRows;
  const failure = run.live.problems.find(
    (problem) => problem.node === node && problem.severity === 'error',
  );
  const foot = measuredFoot(reports, run.report);
  if (isOver(run.live)) {
    const failed = run.live.status === 'failed' && failure !== undefined;
    return {
      ...idle,
      state: failed ? 'failed' : null,
      failure: failed ? failure.message : null,
      foot,
    };
  }
  return { ...idle, ...goingState(run.live, states), foot };
}

/** One pass over a run's rows serves all its cards. */
function rowsByNode(run: FollowedRun): ReadonlyMap<string, Rows> {
  const known = rowsOf.get(run);
  if (known) return known;
  const rows = new Map<string, { states: StageState[]; reports: StageReport[] }>();
  const at = (node: string) => {
    const there = rows.get(node) ?? { states: [], reports: [] };
    rows.set(node, there);
    return there;
  };
  for (const id of run.live.order) {
    const state = run.live.stages[id];
    if (state) at(state.facts.node).states.push(state);
  }
  for (const report of run.report.stages) at(report.node).reports.push(report);
  rowsOf.set(run, rows);
  return rows;
}

function goingState(
  live: LiveRun,
  states: readonly StageState[],
): Pick<CardRun, 'state' | 'isGoing' | 'share'> {
  const current = states.find(({ facts }) => facts.id === live.current);
  if (current && current.phase !== 'measured' && current.phase !== 'loaded')
    return { state: phaseText(current), isGoing: true, share: current.share };
  const waits = states.length > 0 && states.every(({ phase }) => phase === 'waiting');
  return { state: waits ? 'waiting' : null, isGoing: false, share: null };
}

function phaseText({ phase, facts, share, done, total, unit }: StageState): string {
  if (unit === 'tokens' && done !== null && total !== null) {
    const verb = isDecoding(facts) ? 'decoding' : 'reading';
    return `${verb} ${done}/${total}`;
  }
  const words = phase === 'warming-up' ? 'warming up' : phase;
  return share === null ? words : `${words} ${Math.floor(share * 100)}%`;
}
