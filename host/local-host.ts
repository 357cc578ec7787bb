/** The host service on this machine: presets and checks here, runs in the engine process. */
import { randomUUID } from 'node:crypto';
import type { Job } from '#engine/contract/engine-message.ts';
import type { CacheStatus } from '#engine/contract/cache-status.ts';
import type { GraphDocument } from '#engine/contract/document.ts';
import type { HostService, NumberedEvent, RunStatus } from '#engine/contract/host-service.ts';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import type { PresetSummary } from '#engine/contract/preset-summary.ts';
import { error, type Problem } from '#engine/contract/problem.ts';
import { isLast, type Machine } from '#engine/contract/run-event.ts';
import type { RunRequest } from '#engine/contract/run-request.ts';
import { cacheFolder } from './cache/cache-folder.ts';
import { StageCache } from './cache/stage-cache.ts';
import { EngineClient } from './engine/engine-client.ts';
import { RunLog } from './engine/run-log.ts';
import { checkWithFiles } from './check-with-files.ts';
import { collectGarbage } from './system/collect-garbage.ts';
import { describeMachine } from './system/machine.ts';
import { presetSummaries, readPreset } from './presets.ts';

/** Runs whose events are kept after they end. */
const keptRuns = 20;

interface Started {
  readonly runId: string;
}

export class LocalHost implements HostService {
  readonly #logs = new Map<string, RunLog>();
  readonly #engine: EngineClient;

  /** `engineEntry` is the script of the engine process. */
  constructor(engineEntry: string) {
    this.#engine = new EngineClient(engineEntry, (runId, event) => {
      this.#logs.get(runId)?.add(event);
      // Once that is told: left to itself, V8 lets 50 MB of checked graphs and old events pile up.
      if (isLast(event)) setTimeout(collectGarbage).unref();
    });
  }

  presets(): Promise<readonly PresetSummary[]> {
    return presetSummaries();
  }

  preset(id: string): Promise<Outcome<GraphDocument>> {
    return readPreset(id);
  }

  check({
    document,
    baseFolder,
  }: Parameters<HostService['check']>[0]): Promise<readonly Problem[]> {
    return checkWithFiles(document, baseFolder ?? process.cwd());
  }

  machine(): Promise<Machine> {
    return Promise.resolve(describeMachine());
  }

  startRun(request: RunRequest): Promise<Outcome<Started>> {
    const { document, until = null } = request;
    const log = new RunLog(document.title, until);
    return this.#start(log, (runId) => ({ type: 'run', runId, request }));
  }

  runs(): Promise<readonly RunStatus[]> {
    const statuses = [...this.#logs].map(([runId, { graph, until, startedAt, ended }]) => ({
      runId,
      graph,
      until,
      startedAt: startedAt.toISOString(),
      ended,
    }));
    return Promise.resolve(statuses.toReversed());
  }

  async *runEvents(
    runId: string,
    after: number,
    signal?: AbortSignal,
  ): AsyncGenerator<NumberedEvent> {
    const log = this.#logs.get(runId);
    if (log) yield* log.follow(after, signal);
    else yield { number: 0, event: { type: 'run-failed', problems: [unknownRun(runId)] } };
  }

  async cancelRun({
    runId,
    hard,
  }: {
    readonly runId: string;
    readonly hard: boolean;
  }): Promise<Outcome<null>> {
    const log = this.#logs.get(runId);
    if (!log) return fail(unknownRun(runId));
    if (log.ended) return ok(null);
    if (hard) await this.#engine.kill(runId);
    else this.#engine.cancel(runId);
    return ok(null);
  }

  async cacheStatus(): Promise<Outcome<CacheStatus>> {
    const cache = await StageCache.open(cacheFolder());
    return cache.ok ? ok(await cache.value.status()) : cache;
  }

  async clearCache(): Promise<Outcome<{ readonly freedBytes: number }>> {
    const cache = await StageCache.open(cacheFolder());
    return cache.ok ? ok({ freedBytes: await cache.value.clear() }) : cache;
  }

  #start(log: RunLog, job: (runId: string) => Job): Promise<Outcome<Started>> {
    const runId = randomUUID();
    const ended = [...this.#logs].filter(([, old]) => old.ended).map(([id]) => id);
    for (const id of ended.slice(0, Math.max(0, ended.length - keptRuns))) this.#logs.delete(id);
    this.#logs.set(runId, log);
    this.#engine.start(job(runId));
    return Promise.resolve(ok({ runId }));
  }

  /** The engine process that would take the next run; undefined while there is none. */
  get engineProcessId(): number | undefined {
    return this.#engine.processId;
  }

  /** Ends all runs and the engine process, and waits for it. */
  close(): Promise<void> {
    return this.#engine.stop();
  }
}

function unknownRun(runId: string): Problem {
  return error('run-unknown', `There is no run "${runId}" any more; start it again.`);
}
