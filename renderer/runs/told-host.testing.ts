/** A host that says what a test wants, a window that follows it, and the words of a small run. */
import { expect, vi } from 'vitest';
import type { HostService } from '#engine/contract/host-service.ts';
import type { Outcome } from '#engine/contract/outcome.ts';
import type { Services } from '#engine/contract/router.ts';
import type { RunEvent } from '#engine/contract/run-event.ts';
import type { RunRequest } from '#engine/contract/run-request.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { layLine } from '#renderer/connection/page-line.testing.ts';
import { notices } from '#renderer/notices/notices.ts';
import { view } from '#renderer/view/view-store.ts';
import { openDocument, workspace } from '#renderer/workspace/workspace-store.ts';
import { isOver } from './live-run.ts';
import { runStore, type FollowedRun } from './run-store.ts';

/** What the real host keeps of a run. */
interface Log {
  readonly graph: string;
  readonly until: string | null;
  readonly startedAt: Date;
  readonly ended: boolean;
  readonly add: (event: RunEvent) => void;
  readonly follow: (after: number, signal?: AbortSignal) => ReturnType<HostService['runEvents']>;
}
type NewLog = (graph: string, until: string | null) => Log;

/** The host of these stories: it keeps events as the real one does, and the test says what happens in a run. */
export class ToldHost implements Pick<
  HostService,
  'startRun' | 'runs' | 'runEvents' | 'cancelRun'
> {
  readonly requests: RunRequest[] = [];
  readonly cancels: { readonly runId: string; readonly hard: boolean }[] = [];
  /** After which event each stream was asked for. */
  readonly streams: number[] = [];
  /** How many events it says again to a stream that comes back. */
  repeats = 0;
  readonly #logs = new Map<string, Log>();
  readonly #newLog: NewLog;

  constructor(newLog: NewLog) {
    this.#newLog = newLog;
  }

  startRun(request: RunRequest): Promise<Outcome<{ readonly runId: string }>> {
    this.requests.push(request);
    const runId = `run-${this.requests.length}`;
    this.#logs.set(runId, this.#newLog(request.document.title, request.until ?? null));
    return Promise.resolve({ ok: true, value: { runId } });
  }

  runs(): ReturnType<HostService['runs']> {
    const statuses = [...this.#logs].map(([runId, { graph, until, startedAt, ended }]) => ({
      runId,
      graph,
      until,
      startedAt: startedAt.toISOString(),
      ended,
    }));
    return Promise.resolve(statuses.toReversed());
  }

  runEvents(runId: string, after: number, signal?: AbortSignal): ReturnType<Log['follow']> {
    this.streams.push(after);
    return this.#log(runId).follow(after - this.repeats, signal);
  }

  cancelRun(cancel: { readonly runId: string; readonly hard: boolean }): Promise<Outcome<null>> {
    this.cancels.push(cancel);
    return Promise.resolve({ ok: true, value: null });
  }

  tell(runId: string, ...events: readonly RunEvent[]): void {
    for (const event of events) this.#log(runId).add(event);
  }

  endAll(): void {
    for (const log of this.#logs.values()) if (!log.ended) log.add({ type: 'run-cancelled' });
  }

  #log(runId: string): Log {
    const log = this.#logs.get(runId);
    if (!log) throw new Error(`There is no run ${runId}.`);
    return log;
  }
}

export type ToldLine = ReturnType<typeof layLine>;

export const graph = sketchDocument({ prompt: ['input/prompt', { text: 'What is this?' }] });
const file = { path: '/graphs/sketch.patchbay.json', folder: '/graphs', stamp: '1' };

/** A new window with one graph, and its host. */
export function openWindow(newLog: NewLog): { readonly host: ToldHost; readonly line: ToldLine } {
  const host = new ToldHost(newLog);
  const line = layLine({ host, files: {} } as unknown as Services);
  vi.stubGlobal('fetch', line.globals.fetch);
  vi.stubGlobal('sessionStorage', storage());
  sessionStorage.setItem('patchbay-session', 'known');
  runStore.setState(runStore.getInitialState(), true);
  workspace.setState(workspace.getInitialState(), true);
  notices.setState(notices.getInitialState(), true);
  view.setState(view.getInitialState(), true);
  openDocument(graph, { id: 'graph', file });
  return { host, line };
}

/** What is still followed would go on into the next story. */
export async function closeWindow(host: ToldHost): Promise<void> {
  host.endAll();
  const areOver = () => expect(runStore.getState().runs.every(over)).toBe(true);
  await vi.waitFor(areOver, { timeout: 300_000 });
  vi.unstubAllGlobals();
}

/** In place of what a browser keeps over a reload. */
export function storage(): Pick<Storage, 'getItem' | 'setItem' | 'length'> {
  const items = new Map<string, string>();
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    get length() {
      return items.size;
    },
  };
}

export const facts = {
  id: 'language/decode',
  node: 'language',
  type: 'language/decoder',
  title: 'Language model',
  phase: 'decode',
  precision: null,
  weights: 'random',
} as const;

export const started: RunEvent = {
  type: 'run-started',
  machine: {
    platform: 'linux-x64',
    cpu: 'A processor',
    cores: 2,
    threads: 2,
    memoryBytes: 8e9,
    node: '20.0.0',
    onnxRuntime: '1.0.0',
    patchbay: '0.1.0',
  },
  stages: [facts],
  wires: [],
  options: { runs: 1 },
  holding: 'together',
};
export const decoding: RunEvent = {
  type: 'stage-progress',
  stage: facts.id,
  phase: 'running',
  run: 1,
  done: 0,
  total: 4,
  unit: 'tokens',
};
export const token = (text: string): RunEvent => ({
  type: 'token',
  node: 'language',
  run: 1,
  index: 0,
  id: 7,
  text,
});
export const measured: RunEvent = {
  type: 'stage-measured',
  stage: facts.id,
  run: 1,
  latencyMs: 40,
  tokensIn: 4,
  tokensOut: 4,
  flops: 1e6,
  movedBytes: null,
  peakBytes: 1e8,
  keyValueBytes: 1e5,
  recurrentBytes: 0,
};
export const finished: RunEvent = { type: 'run-finished' };

export function run(runId: string): FollowedRun {
  const found = runStore.getState().runs.find((each) => each.runId === runId);
  if (!found) throw new Error(`There is no run ${runId}.`);
  return found;
}

/** The run once it has come to where a test wants it. */
export function runOnce(
  runId: string,
  isThere: (run: FollowedRun) => boolean,
): Promise<FollowedRun> {
  return new Promise((resolve) => {
    const look = (): boolean => {
      const found = runStore.getState().runs.find((each) => each.runId === runId);
      if (!found || !isThere(found)) return false;
      resolve(found);
      return true;
    };
    if (look()) return;
    const stop = runStore.subscribe(() => {
      if (look()) stop();
    });
  });
}

export const over = (each: FollowedRun): boolean => isOver(each.live);
