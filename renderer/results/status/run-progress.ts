/** How far a run has got, in words and as a share. Pure. */
import { formatBytes } from '#engine/contract/format.ts';
import { isDecoding, rowTitle, type StagePhase } from '#engine/contract/run-event.ts';
import type { LiveRun, StageState } from '#renderer/runs/live-run.ts';
import { passText } from '#renderer/runs/run-facts.ts';
import { formatPercent } from '#engine/profile/format-ratio.ts';

export const phaseWords: Readonly<Record<StageState['phase'], string>> = {
  waiting: 'waiting',
  reading: 'reading weights',
  building: 'building',
  preparing: 'preparing',
  loading: 'loading',
  'warming-up': 'warming up',
  running: 'running',
  profiling: 'profiling',
  loaded: 'ready',
  measured: 'ready',
};

/** Says of which row it is, too. */
const decoding = 'decoding';

/** "building 40 %", "warming up", "decoding 23/64": as a row of the table says it. */
export function stageWords(stage: StageState): string {
  const { phase, done, total, unit, share } = stage;
  const word = phase === 'running' && isDecoding(stage.facts) ? decoding : phaseWords[phase];
  if (phase !== 'running' && phase !== 'building' && phase !== 'reading') return word;
  if (unit === 'tokens' && done !== null) return `${word} ${amount(done, total)}`;
  return share === null ? word : `${word} ${formatPercent(Math.floor(share * 100) / 100)}`;
}

const amount = (done: number, total: number | null): string =>
  total === null ? String(done) : `${done}/${total}`;

/** "Pass 2 of 3 · CLIP ViT · building 1.2 GB of 3.4 GB" */
export function progressSentence(live: LiveRun): string {
  if (live.status === 'starting') return 'Starting';
  const pass = live.run === 0 ? 'Getting ready' : capitalised(passText(live));
  const stage = live.current === null ? undefined : live.stages[live.current];
  if (!stage) return pass;
  const doing = stageAmount(stage);
  const title = doing.startsWith(decoding) ? stage.facts.title : rowTitle(stage.facts);
  return `${pass} · ${title} · ${doing}`;
}

/** A run stops between two stages or two tokens. */
export function cancellingSentence({ current, stages }: LiveRun): string {
  const stage = current === null ? undefined : stages[current];
  return stage ? `Cancelling · ${rowTitle(stage.facts)}` : 'Cancelling';
}

function stageAmount(stage: StageState): string {
  const { phase, done, total, unit } = stage;
  if (phase !== 'running' && unit === 'bytes' && done !== null && total !== null)
    return `${phaseWords[phase]} ${formatBytes(done)} of ${formatBytes(total)}`;
  return stageWords(stage);
}

/** How far within a stage each phase begins; writing weights is most of the work where there is any. */
const phaseStart: Readonly<Record<StagePhase, number>> = {
  reading: 0,
  building: 0,
  preparing: 0.5,
  loading: 0.7,
  'warming-up': 0.85,
  running: 0,
  profiling: 1,
};

const capitalised = (words: string): string => words.slice(0, 1).toUpperCase() + words.slice(1);

/** 0 to 1: getting ready and every timed pass count alike; where nobody knows how many there are, each half of what is left. */
export function progressShare(live: LiveRun): number {
  const count = live.order.length;
  if (count === 0) return 0;
  const current = live.current === null ? undefined : live.stages[live.current];
  const before = live.run === 0 ? begun(live) : live.order.indexOf(live.current ?? '');
  const within = current ? shareWithin(current) : 0;
  const passes = live.run + Math.min(1, (Math.max(0, before) + within) / count);
  return live.runs === null ? 1 - 0.5 ** passes : Math.min(1, passes / (live.runs + 1));
}

/** While stages get ready they do not come in order: inputs are read first. */
const begun = ({ order, stages, current }: LiveRun): number =>
  order.filter((id) => id !== current && stages[id]?.phase !== 'waiting').length;

function shareWithin({ phase, share }: StageState): number {
  // Weights that are new are read before the first stage gets ready, and then it is its turn to build.
  if (phase === 'waiting' || phase === 'reading') return 0;
  if (phase === 'loaded' || phase === 'measured') return 1;
  const length = phase === 'building' ? phaseStart.preparing : 1;
  return phaseStart[phase] + (share ?? 0) * (phase === 'running' ? 1 : length);
}
