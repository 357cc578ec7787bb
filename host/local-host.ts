/** The host service on this machine: presets here, checks and runs each in a process of their own. */
import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import type {
  Calibration,
  CalibrationRequest,
  CalibrationState,
} from '#engine/contract/calibration.ts';
import type { CacheStatus } from '#engine/contract/cache-status.ts';
import type { GraphDocument } from '#engine/contract/document.ts';
import type { HostService, NumberedEvent, RunStatus } from '#engine/contract/host-service.ts';
import type { Job } from '#engine/contract/engine-message.ts';
import type { ExportRequest } from '#engine/contract/model-export.ts';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import type { PresetSummary } from '#engine/contract/preset-summary.ts';
import { error, type Problem } from '#engine/contract/problem.ts';
import { isLast, type Machine } from '#engine/contract/run-event.ts';
import type { RunRequest } from '#engine/contract/run-request.ts';
import { applyOverrides } from '#engine/plan/apply-overrides.ts';
import { catalogue } from '#nodes/index.ts';
import { cacheFolder } from './cache/cache-folder.ts';
import { StageCache } from './cache/stage-cache.ts';
import { Calibrator } from './calibration/calibrator.ts';
import { KeptCalibrations } from './calibration/kept-calibrations.ts';
import { readProcessors, type ProcessorTimes } from './system/processor-load.ts';
import { EngineClient, type EventListener } from './engine/engine-client.ts';
import { RunLog } from './engine/run-log.ts';
import { queueProblem } from './engine/run-queue.ts';
import { ChosenPlaces } from './files/chosen-places.ts';
import { dataFolder } from './files/data-folder.ts';
import { unchosenPlaces } from './named-places.ts';
import { Checker } from './checker.ts';
import { forkChild, type StartChild } from './system/child-program.ts';
import { collectGarbage } from './system/collect-garbage.ts';
import { describeMachine } from './system/machine.ts';
import { removeUnfinishedFolders } from './system/unfinished-files.ts';
import { vacantPlace } from './system/whole-folder.ts';
import { publishedSummaries, readPreset } from './presets.ts';

/** Runs whose events are kept after they end. */
const keptRuns = 20;

interface Started {
  readonly runId: string;
}

interface Surroundings {
  /** What the user has chosen to be read. */
  readonly chosen?: ChosenPlaces;
  /** Who starts the processes. */
  readonly startChild?: StartChild;
  /** Where what the machine reaches is kept. */
  readonly kept?: KeptCalibrations;
  /** How busy the machine is. */
  readonly look?: () => ProcessorTimes;
}

export class LocalHost implements HostService {
  readonly #logs = new Map<string, RunLog>();
  /** The runs that have not ended, each with what its graph holds, in bytes of JSON. */
  readonly #going = new Map<string, number>();
  /** Of the logs those that are exports, each with its folder. */
  readonly #exports = new Map<string, string>();
  /** Being cleared away, of exports whose process ended before it could. */
  readonly #clearing = new Set<Promise<void>>();
  readonly #engine: EngineClient;
  readonly #checker: Checker;
  readonly #calibrator: Calibrator;

  readonly #chosen: ChosenPlaces;

  /** `engineEntry` is the script of the engine process; those of the other processes lie beside it. */
  constructor(
    engineEntry: string,
    {
      chosen = new ChosenPlaces(dataFolder()),
      startChild = forkChild,
      kept = new KeptCalibrations(dataFolder()),
      look = readProcessors,
    }: Surroundings = {},
  ) {
    this.#chosen = chosen;
    const beside = (name: string): string => join(dirname(engineEntry), `${name}.js`);
    this.#checker = new Checker(beside('check-process'), { startChild });
    this.#calibrator = new Calibrator(beside('calibration-process'), kept, { startChild, look });
    const listen: EventListener = (runId, event) => {
      this.#logs.get(runId)?.add(event);
      if (!isLast(event)) return;
      this.#going.delete(runId);
      this.#clearAfter(runId);
      // Once that is told: left to itself, V8 lets 50 MB of checked graphs and old events pile up.
      setTimeout(collectGarbage).unref();
    };
    this.#engine = new EngineClient(engineEntry, listen, startChild);
  }

  presets(): Promise<readonly PresetSummary[]> {
    return publishedSummaries();
  }

  preset(id: string): Promise<Outcome<GraphDocument>> {
    return readPreset(id);
  }

  async check(
    { document, baseFolder = process.cwd() }: Parameters<HostService['check']>[0],
    signal?: AbortSignal,
  ): Promise<readonly Problem[]> {
    const unchosen = await unchosenPlaces(document, baseFolder, this.#chosen);
    return this.#checker.check({ document, baseFolder, unchosen }, signal);
  }

  machine(): Promise<Machine> {
    return Promise.resolve(describeMachine());
  }

  async startRun(request: RunRequest): Promise<Outcome<Started>> {
    const { document, until = null, baseFolder = process.cwd() } = request;
    const run = applyOverrides(document, request, catalogue);
    // What cannot be applied is told as a run's failure.
    const unchosen = run.ok ? await unchosenPlaces(run.value, baseFolder, this.#chosen) : [];
    if (unchosen.length > 0) return fail(...unchosen);
    return this.#start(document, until, (runId) => ({ type: 'run', runId, request }));
  }

  async startExport(request: ExportRequest): Promise<Outcome<Started>> {
    const { document, folder, baseFolder = process.cwd() } = request;
    const unchosen = await unchosenPlaces(document, baseFolder, this.#chosen);
    if (unchosen.length > 0) return fail(...unchosen);
    const vacant = await vacantPlace(folder);
    if (!vacant.ok) return vacant;
    const started = this.#start(document, null, (runId) => ({ type: 'export', runId, request }));
    if (started.ok) this.#exports.set(started.value.runId, vacant.value);
    return started;
  }

  #start(
    document: GraphDocument,
    until: string | null,
    jobOf: (runId: string) => Job,
  ): Outcome<Started> {
    const sizeBytes = Buffer.byteLength(JSON.stringify(document));
    const full = queueProblem([...this.#going.values()], sizeBytes);
    if (full) return fail(full);
    if (this.#calibrator.isMeasuring) return fail(beingMeasured);
    const runId = randomUUID();
    const ended = [...this.#logs.keys()].filter((id) => !this.#going.has(id));
    for (const id of ended.slice(0, Math.max(0, ended.length - keptRuns))) {
      this.#logs.delete(id);
      this.#exports.delete(id);
    }
    this.#logs.set(runId, new RunLog(document.title, until));
    this.#going.set(runId, sizeBytes);
    this.#engine.start(jobOf(runId));
    return ok({ runId });
  }

  runs(): Promise<readonly RunStatus[]> {
    const runs = [...this.#logs].filter(([runId]) => !this.#exports.has(runId));
    const statuses = runs.map(([runId, { graph, until, startedAt, ended }]) => ({
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
    // A caller that has seen events of it, as before a restart, would pass over a lower number.
    else yield { number: after + 1, event: { type: 'run-failed', problems: [unknownRun(runId)] } };
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

  calibration(): Promise<Calibration | null> {
    return this.#calibrator.calibration();
  }

  startCalibration(request: CalibrationRequest): Promise<Outcome<null>> {
    if (this.#calibrator.isMeasuring) return Promise.resolve(fail(beingMeasured));
    if (this.#going.size > 0) return Promise.resolve(fail(running));
    this.#calibrator.start(request);
    return Promise.resolve(ok(null));
  }

  calibrationStates(signal?: AbortSignal): AsyncGenerator<CalibrationState> {
    return this.#calibrator.states(signal);
  }

  async cancelCalibration(): Promise<Outcome<null>> {
    await this.#calibrator.cancel();
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

  /** The engine process that would take the next run; undefined while there is none. */
  get engineProcessId(): number | undefined {
    return this.#engine.processId;
  }

  /** The process that is at a check, or would take the next; undefined while there is none. */
  get checkProcessId(): number | undefined {
    return this.#checker.processId;
  }

  /** Ends all runs, checks and measurements and their processes, and waits for them. */
  async close(): Promise<void> {
    await Promise.all([this.#engine.stop(), this.#checker.close(), this.#calibrator.close()]);
    await Promise.all(this.#clearing);
  }

  #clearAfter(runId: string): void {
    const place = this.#exports.get(runId);
    if (place === undefined) return;
    const cleared = removeUnfinishedFolders(place).finally(() => this.#clearing.delete(cleared));
    this.#clearing.add(cleared);
  }
}

const beingMeasured = error(
  'machine-busy',
  'This machine is being measured, which anything else would spoil; wait until that is done, or cancel it.',
);
const running = error(
  'machine-busy',
  'A run goes on or waits, beside which this machine cannot be measured; wait until it has ended, or cancel it.',
);

function unknownRun(runId: string): Problem {
  return error('run-unknown', `There is no run "${runId}" any more; start it again.`);
}
