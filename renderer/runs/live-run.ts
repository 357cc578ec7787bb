/** Where a run stands while it goes on: a pure fold over its events, one at a time. */
import type { RunEvent, StageFacts, StagePhase } from '#engine/contract/run-event.ts';
import { assertNever } from '#engine/contract/outcome.ts';
import type { Problem } from '#engine/contract/problem.ts';

export interface StageState {
  readonly facts: StageFacts;
  readonly phase: StagePhase | 'waiting' | 'loaded' | 'measured';
  /** How far the phase has got, 0 to 1; null where that is not known. */
  readonly share: number | null;
  /** "23/64 tokens" */
  readonly done: number | null;
  readonly total: number | null;
  readonly unit: 'bytes' | 'tokens' | null;
}

export interface LiveRun {
  readonly status: 'starting' | 'running' | 'finished' | 'failed' | 'cancelled';
  /** How many timed passes were asked for, null for as many as it takes, and which one goes on; 0 while warming up. */
  readonly runs: number | null;
  readonly run: number;
  readonly stages: Readonly<Record<string, StageState>>;
  /** In the order in which they run. */
  readonly order: readonly string[];
  /** The stage that got on last. */
  readonly current: string | null;
  /** What each language model has written in the present pass, by its node: one answer or several. */
  readonly answers: Readonly<Record<string, readonly string[]>>;
  readonly problems: readonly Problem[];
}

export const newLiveRun: LiveRun = {
  status: 'starting',
  runs: null,
  run: 0,
  stages: {},
  order: [],
  current: null,
  answers: {},
  problems: [],
};

export function foldLive(live: LiveRun, event: RunEvent): LiveRun {
  switch (event.type) {
    case 'run-started': {
      const stages = Object.fromEntries(
        event.stages.map((facts): [string, StageState] => [facts.id, waiting(facts)]),
      );
      const order = event.stages.map(({ id }) => id);
      const { runs = null } = event.options;
      return { ...live, status: 'running', runs, stages, order };
    }
    case 'stage-progress': {
      const { phase, done = null, total = null, unit = null } = event;
      const share = done !== null && total !== null && total > 0 ? done / total : null;
      // The first event of a pass says that other answers begin.
      const answers = event.run === live.run ? live.answers : {};
      const changed = isRead(phase, share)
        ? withStage(live, event.stage, { phase: 'waiting', share: null, done: null, total: null })
        : withStage(live, event.stage, { phase, share, done, total, unit });
      return { ...changed, run: event.run, answers, current: event.stage };
    }
    case 'stage-loaded':
      return withStage(live, event.stage, { phase: 'loaded', share: null });
    case 'stage-measured':
    case 'stage-reused':
      return withStage(live, event.stage, { phase: 'measured', share: null });
    case 'token':
      return withToken(live, event);
    case 'answer':
      return { ...live, answers: withAnswer(live.answers, event, () => event.text) };
    case 'run-warned':
      return { ...live, problems: [...live.problems, ...event.problems] };
    case 'run-failed':
      return { ...live, status: 'failed', problems: [...live.problems, ...event.problems] };
    case 'run-finished':
      return { ...live, status: 'finished', current: null };
    case 'run-cancelled':
      return { ...live, status: 'cancelled' };
    case 'prompt-reused':
    case 'run-measured':
    case 'noise-watched':
    case 'memory-sampled':
    case 'shown':
    case 'operators-profiled':
      return live;
    default:
      return assertNever(event);
  }
}

/** A stage whose weights have been read waits for its turn. */
const isRead = (phase: StagePhase, share: number | null): boolean =>
  phase === 'reading' && share === 1;

function withToken(live: LiveRun, token: Extract<RunEvent, { type: 'token' }>): LiveRun {
  const { node, run } = token;
  const before = run === live.run ? live.answers : {};
  const answers = withAnswer(before, token, (written) => written + token.text);
  const told = { ...live, run, answers };
  const stage = live.stages[live.current ?? ''];
  if (stage?.facts.node !== node || stage.unit !== 'tokens') return told;
  if (stage.done === null || stage.total === null) return told;
  // The text held back until the end comes as one more event, and is no token.
  const done = Math.min(stage.done + 1, stage.total);
  return withStage(told, stage.facts.id, { done, share: done / stage.total });
}

function withAnswer(
  answers: LiveRun['answers'],
  { node, index }: { readonly node: string; readonly index: number },
  change: (written: string) => string,
): LiveRun['answers'] {
  const own = [...(answers[node] ?? [])];
  own[index] = change(own[index] ?? '');
  return { ...answers, [node]: own };
}

function waiting(facts: StageFacts): StageState {
  return {
    facts,
    phase: 'waiting',
    share: null,
    done: null,
    total: null,
    unit: null,
  };
}

function withStage(live: LiveRun, id: string, change: Partial<StageState>): LiveRun {
  const stage = live.stages[id];
  return stage ? { ...live, stages: { ...live.stages, [id]: { ...stage, ...change } } } : live;
}

export const isOver = ({ status }: LiveRun): boolean =>
  status === 'finished' || status === 'failed' || status === 'cancelled';
