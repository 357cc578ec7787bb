/** What a host does for its callers, be they a page, a window or the command line. */
import type { Calibration, CalibrationRequest, CalibrationState } from './calibration.ts';
import type { CacheStatus } from './cache-status.ts';
import type { GraphDocument } from './document.ts';
import type { ExportRequest } from './model-export.ts';
import type { Outcome } from './outcome.ts';
import type { PresetSummary } from './preset-summary.ts';
import type { Problem } from './problem.ts';
import type { Machine, RunEvent } from './run-event.ts';
import type { RunRequest } from './run-request.ts';

export interface NumberedEvent {
  /** Counts from 0 within its run; a caller that comes back asks for what follows the last it saw. */
  readonly number: number;
  readonly event: RunEvent;
}

export interface RunStatus {
  readonly runId: string;
  /** Title of the graph. */
  readonly graph: string;
  /** The node up to which it runs; null for the whole graph. */
  readonly until: string | null;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly ended: boolean;
}

export interface HostService {
  presets(): Promise<readonly PresetSummary[]>;
  preset(id: string): Promise<Outcome<GraphDocument>>;
  /** Everything wrong with a graph, its files and its weights included; `signal` ends a check that nobody waits for. */
  check(
    graph: {
      readonly document: GraphDocument;
      readonly baseFolder?: string | undefined;
    },
    signal?: AbortSignal,
  ): Promise<readonly Problem[]>;
  machine(): Promise<Machine>;
  /** Fails with `queue-full` or `file-too-large` beyond `runLimits`, with `machine-busy` while the machine is measured. */
  startRun(request: RunRequest): Promise<Outcome<{ readonly runId: string }>>;
  /**
   * Writes the ONNX models of a graph into a folder that is new or empty; it waits its turn among the runs, tells its
   * events and is cancelled as they are, but is none of `runs`. Fails as `startRun` does, and where the folder is not free.
   */
  startExport(request: ExportRequest): Promise<Outcome<{ readonly runId: string }>>;
  /** Runs that go on or whose events are still kept, the latest first. */
  runs(): Promise<readonly RunStatus[]>;
  /** Ends after the run's last event; past events first. */
  runEvents(runId: string, after: number, signal?: AbortSignal): AsyncIterable<NumberedEvent>;
  /** Soft: between stages and tokens. Hard: the engine process ends at once and starts anew. */
  cancelRun(cancel: { readonly runId: string; readonly hard: boolean }): Promise<Outcome<null>>;
  /** What this machine, as it is now, was found to reach; null where it has not been measured. */
  calibration(): Promise<Calibration | null>;
  /** Fails with `machine-busy` while a run or a measurement goes on; what was found before stays until one has ended well. */
  startCalibration(request: CalibrationRequest): Promise<Outcome<null>>;
  /** Of the measurement that goes on, the present state first; ends after its last. Of none, how the last one ended. */
  calibrationStates(signal?: AbortSignal): AsyncIterable<CalibrationState>;
  cancelCalibration(): Promise<Outcome<null>>;
  cacheStatus(): Promise<Outcome<CacheStatus>>;
  clearCache(): Promise<Outcome<{ readonly freedBytes: number }>>;
}
