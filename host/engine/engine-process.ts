/** The engine process: hears requests, runs one graph at a time, tells events. */
import { join } from 'node:path';
import { toEngineSchema, type FromEngine, type Job } from '#engine/contract/engine-message.ts';
import type { Outcome } from '#engine/contract/outcome.ts';
import type { RunEvent } from '#engine/contract/run-event.ts';
import type { RunRequest } from '#engine/contract/run-request.ts';
import { cacheFolder } from '../cache/cache-folder.ts';
import { StageCache } from '../cache/stage-cache.ts';
import { exportModels } from '../export/export-models.ts';
import { executeRun } from '../runs/execute-run.ts';
import { LastRun } from '../runs/last-run.ts';
import { ModelLoader } from '../sessions/load-model.ts';
import type { Emit } from '../stages/pass.ts';
import { breathe, CancelSwitch } from '../sessions/progress.ts';
import { collectGarbage } from '../system/collect-garbage.ts';
import { openWorkLine } from '../system/parent-line.ts';
import { FileDigests } from '../weights/file-digests.ts';
import { withoutQuickStages } from './quick-pass.ts';

// What a run leaves in the cache, and puts down for a while, is for this user alone.
const userMask = process.umask(0o077);

const switches = new Map<string, CancelSwitch>();
let loader: ModelLoader | null = null;
const lastRun = new LastRun();
/** Runs wait for one another: two at once would spoil each other's figures. */
let queue: Promise<void> = Promise.resolve();

/**
 * Whoever hears of a token, or of what was measured, is busy with it while what comes next is computed, on a processor
 * that is needed for that; so what comes quickly is told in groups, a reader's eye apart.
 */
const groupsApartMs = 100;
const grouped = new Set<RunEvent['type']>(['token', 'stage-measured', 'run-measured']);
/** Of memory nobody reads while a run goes on; told seldom, it is there should the process die. */
const samplesApartMs = 1000;

const isNotYetTold = ({ type }: RunEvent, sinceMs: number): boolean =>
  (grouped.has(type) && sinceMs < groupsApartMs) ||
  (type === 'memory-sampled' && sinceMs < samplesApartMs);

/** Tells the events of one run. */
function teller(runId: string): Emit {
  let told = -Infinity;
  let untold: RunEvent[] = [];
  const isTold = withoutQuickStages();
  return (event) => {
    if (!isTold(event)) return;
    untold.push(event);
    const now = performance.now();
    if (isNotYetTold(event, now - told)) return;
    const message: FromEngine = { type: 'events', runId, events: untold };
    parent.post(message);
    untold = [];
    told = now;
  };
}

async function run(job: Job, cancel: CancelSwitch): Promise<void> {
  const emit = teller(job.runId);
  const outcome = await work(job, emit, cancel);
  if (outcome.ok) {
    emit({ type: 'run-finished' });
    return;
  }
  // What a limit of time has stopped held up the message that cancels, which is read in the next turn but one.
  for (const _ of [1, 2]) await breathe();
  if (!cancel.check().ok) emit({ type: 'run-cancelled' });
  else emit({ type: 'run-failed', problems: outcome.problems });
}

async function work(job: Job, emit: Emit, cancel: CancelSwitch): Promise<Outcome<null>> {
  if (job.type === 'export') {
    const digests = new FileDigests(join(cacheFolder(), 'digests'));
    return exportModels(job.request, { digests, emit, cancel, userMask });
  }
  return runGraph(job.request, emit, cancel);
}

async function runGraph(
  request: RunRequest,
  emit: Emit,
  cancel: CancelSwitch,
): Promise<Outcome<null>> {
  if (!loader) {
    const cache = await StageCache.open(cacheFolder());
    if (!cache.ok) return cache;
    loader = new ModelLoader(cache.value);
  }
  return executeRun(request, loader, emit, cancel, lastRun);
}

const parent = openWorkLine(hear);

function hear(raw: unknown): void {
  const message = toEngineSchema.parse(raw);
  if (message.type === 'cancel') {
    switches.get(message.runId)?.cancel();
    return;
  }
  const cancel = new CancelSwitch();
  switches.set(message.runId, cancel);
  queue = queue
    .then(() => run(message, cancel))
    .finally(() => {
      switches.delete(message.runId);
      // Its end is told by now, and nobody waits. Left to itself, V8 lets 30 MB of old runs pile up.
      collectGarbage();
    });
}
