/**
 * Starts the engine process and speaks to it. The process owns ONNX Runtime; it may hang in a long
 * operator or be killed by the system, and its caller goes on: a run that was under way then ends
 * with a problem that names the stage and, where the system tells, the cause.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { fromEngineSchema, type Job, type ToEngine } from '#engine/contract/engine-message.ts';
import type { RunEvent } from '#engine/contract/run-event.ts';
import { cacheFolder } from '../cache/cache-folder.ts';
import { removeUnfinished } from '../cache/stage-cache.ts';
import { deathProblem, outOfMemoryKills } from './death.ts';

export type EventListener = (runId: string, event: RunEvent) => void;

interface PendingRun {
  readonly runId: string;
  /** The last stage and phase that the run told of. */
  stage: string | null;
  phase: string | null;
}

export class EngineClient {
  readonly #entry: string;
  readonly #listen: EventListener;
  readonly #pending = new Map<string, PendingRun>();
  #process: ChildProcess | null = null;
  /** Kills for lack of memory that the system had counted when the process began. */
  #killsBefore = 0;

  constructor(entry: string, listen: EventListener) {
    this.#entry = entry;
    this.#listen = listen;
  }

  start(job: Job): void {
    this.#pending.set(job.runId, { runId: job.runId, stage: null, phase: null });
    this.#send(job);
  }

  cancel(runId: string): void {
    if (this.#pending.has(runId)) this.#send({ type: 'cancel', runId });
  }

  /** Ends the process at once; runs under way end as cancelled. */
  async kill(): Promise<void> {
    const runs = [...this.#pending.values()];
    this.#pending.clear();
    await this.stop();
    for (const { runId } of runs) this.#listen(runId, { type: 'run-cancelled' });
  }

  /** Ends the process and waits until it is gone and nothing of it is left on disk. */
  async stop(): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => {
      child.once('exit', resolve);
    });
    child.kill('SIGKILL');
    await gone;
    await removeUnfinished(cacheFolder(), child.pid ?? 0);
  }

  #send(message: ToEngine): void {
    this.#process ??= this.#spawn();
    this.#process.send(message);
  }

  #spawn(): ChildProcess {
    this.#killsBefore = outOfMemoryKills();
    const child = fork(this.#entry, {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let lastWords = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      lastWords = (lastWords + chunk.toString()).slice(-2000);
    });
    child.on('message', (raw) => {
      const { runId, event } = fromEngineSchema.parse(raw);
      this.#hear(runId, event);
    });
    child.on('exit', (code, signal) => {
      if (this.#process !== child) return;
      this.#process = null;
      void this.#died({ code, signal, lastWords, processId: child.pid ?? 0 });
    });
    return child;
  }

  #hear(runId: string, event: RunEvent): void {
    const run = this.#pending.get(runId);
    if (!run) return;
    if (event.type === 'stage-progress')
      Object.assign(run, { stage: event.stage, phase: event.phase });
    if (
      event.type === 'run-finished' ||
      event.type === 'run-failed' ||
      event.type === 'run-cancelled'
    ) {
      this.#pending.delete(runId);
    }
    this.#listen(runId, event);
  }

  async #died(death: {
    code: number | null;
    signal: string | null;
    lastWords: string;
    processId: number;
  }): Promise<void> {
    const runs = [...this.#pending.values()];
    this.#pending.clear();
    await removeUnfinished(cacheFolder(), death.processId);
    const outOfMemory = outOfMemoryKills() > this.#killsBefore;
    for (const { runId, stage, phase } of runs) {
      const problem = deathProblem({ ...death, outOfMemory, stage, phase });
      this.#listen(runId, { type: 'run-failed', problems: [problem] });
    }
  }
}
