/**
 * Hands runs to the engine process, one process for all of them as long as it lives. The process owns
 * ONNX Runtime; it may hang in a long operator or be killed by the system, and its caller goes on: the
 * run that was under way then ends with a problem that names the stage and, where the system tells, the
 * cause; runs that waited behind it go to a new process.
 */
import {
  fromEngineSchema,
  type FromEngine,
  type Job,
  type ToEngine,
} from '#engine/contract/engine-message.ts';
import { isLast, type RunEvent, type StageFacts } from '#engine/contract/run-event.ts';
import { deathProblem, type EngineEnd } from './death.ts';
import type { StartChild } from '../system/child-program.ts';
import { ProcessHandle, type ProcessListener } from './process-handle.ts';
import { isQuick } from './quick-pass.ts';

type EngineHandle = ProcessHandle<ToEngine, FromEngine>;

export type EventListener = (runId: string, event: RunEvent) => void;

interface PendingRun {
  readonly job: Job;
  engine: EngineHandle;
  stages: readonly StageFacts[];
  /** The last stage and phase that the run told of. */
  stage: string | null;
  phase: string | null;
  /** The pass that is over, where of what follows the stage is not told. */
  quickPass: number | null;
}

export class EngineClient {
  readonly #entry: string;
  readonly #listen: EventListener;
  readonly #startChild: StartChild;
  /** In the order in which the engine works through them. */
  readonly #pending = new Map<string, PendingRun>();
  #engine: EngineHandle | null = null;

  constructor(entry: string, listen: EventListener, startChild: StartChild) {
    this.#entry = entry;
    this.#listen = listen;
    this.#startChild = startChild;
  }

  /** The process that would take the next run; undefined while there is none. */
  get processId(): number | undefined {
    return this.#engine?.isReachable === true ? this.#engine.processId : undefined;
  }

  start(job: Job): void {
    const engine = this.#reachableEngine();
    const where = { stage: null, phase: null, quickPass: null };
    this.#pending.set(job.runId, { job, engine, stages: [], ...where });
    engine.send(job);
  }

  /** Ends a run at its next stage or token; one that still waits for others at once. */
  cancel(runId: string): void {
    const run = this.#pending.get(runId);
    if (!run) return;
    run.engine.send({ type: 'cancel', runId });
    if (!this.#isUnderWay(run)) this.#end(runId, { type: 'run-cancelled' });
  }

  /** Ends a run at once, and the process with it; runs that wait behind it go to a new one. */
  async kill(runId: string): Promise<void> {
    const run = this.#pending.get(runId);
    if (!run) return;
    if (!this.#isUnderWay(run)) {
      this.cancel(runId);
      return;
    }
    const behind = this.#runsOf(run.engine).filter((other) => other !== run);
    await run.engine.kill();
    this.#end(runId, { type: 'run-cancelled' });
    this.#restart(behind);
  }

  /** Ends all runs and the process; resolves when it is gone and nothing of it is left on disk. */
  async stop(): Promise<void> {
    const engines = new Set([...this.#pending.values()].map(({ engine }) => engine));
    if (this.#engine) engines.add(this.#engine);
    this.#engine = null;
    const runIds = [...this.#pending.keys()];
    await Promise.all([...engines].map((engine) => engine.kill()));
    for (const runId of runIds) this.#end(runId, { type: 'run-cancelled' });
  }

  #reachableEngine(): EngineHandle {
    if (this.#engine?.isReachable === true) return this.#engine;
    const listener: ProcessListener<ToEngine, FromEngine> = {
      parse: (raw) => fromEngineSchema.parse(raw),
      heard: (engine, message) => this.#hear(engine, message),
      died: (engine, end) => this.#died(engine, end),
    };
    this.#engine = new ProcessHandle(this.#entry, listener, this.#startChild);
    return this.#engine;
  }

  #runsOf(engine: EngineHandle): readonly PendingRun[] {
    return [...this.#pending.values()].filter((run) => run.engine === engine);
  }

  /** An engine works through its runs one after the other. */
  #isUnderWay(run: PendingRun): boolean {
    return this.#runsOf(run.engine)[0] === run;
  }

  #restart(runs: readonly PendingRun[]): void {
    for (const run of runs) {
      const { runId } = run.job;
      if (this.#pending.get(runId) !== run) continue;
      // The new process may have been given others meanwhile.
      this.#pending.delete(runId);
      this.#pending.set(runId, run);
      run.engine = this.#reachableEngine();
      run.engine.send(run.job);
    }
  }

  #end(runId: string, event: RunEvent): void {
    if (this.#pending.delete(runId)) this.#listen(runId, event);
  }

  #hear(engine: EngineHandle, { runId, events }: FromEngine): void {
    const run = this.#pending.get(runId);
    if (run?.engine !== engine) return;
    for (const event of events) {
      if (event.type === 'run-started') run.stages = event.stages;
      if (event.type === 'stage-progress')
        Object.assign(run, { stage: event.stage, phase: event.phase });
      if (event.type === 'run-measured') run.quickPass = isQuick(event) ? event.run : null;
      if (isLast(event)) this.#end(runId, event);
      else this.#listen(runId, event);
    }
  }

  #died(engine: EngineHandle, end: EngineEnd): void {
    const [run, ...behind] = this.#runsOf(engine);
    if (!run) return;
    this.#end(run.job.runId, { type: 'run-failed', problems: [deathProblem(end, run)] });
    this.#restart(behind);
  }
}
