/** Measures the machine in a process of its own, one measurement at a time, and keeps what was found. */
import {
  calibrationLimits,
  type Calibration,
  type CalibrationRequest,
  type CalibrationState,
} from '#engine/contract/calibration.ts';
import { error, type Problem } from '#engine/contract/problem.ts';
import { causeOf, type EngineEnd } from '../engine/death.ts';
import { ProcessHandle } from '../engine/process-handle.ts';
import { forkChild, type StartChild } from '../system/child-program.ts';
import { describeMachine } from '../system/machine.ts';
import {
  fromCalibrationProcessSchema,
  type FromCalibrationProcess,
  type MeasureRequest,
} from './calibration-message.ts';
import type { KeptCalibrations } from './kept-calibrations.ts';
import { StateLog } from './state-log.ts';
import {
  othersShare,
  ownProcessorMs,
  readProcessors,
  type ProcessorTimes,
} from '../system/processor-load.ts';

type CalibrationProcess = ProcessHandle<MeasureRequest, FromCalibrationProcess>;
type Measured = Extract<FromCalibrationProcess, { type: 'measured' }>;

interface CalibratorOptions {
  /** Who starts the process. */
  readonly startChild?: StartChild;
  /** How busy the machine is. */
  readonly look?: () => ProcessorTimes;
}

/** A measurement under way. */
interface Measurement {
  readonly process: CalibrationProcess;
  readonly request: CalibrationRequest;
  /** As it began. */
  readonly before: ProcessorTimes;
  readonly ownBeforeMs: number;
}

export class Calibrator {
  readonly #entry: string;
  readonly #kept: KeptCalibrations;
  readonly #startChild: StartChild;
  readonly #look: () => ProcessorTimes;
  #going: Measurement | null = null;
  /** Of the measurement that goes on, or of the last. */
  readonly #log = new StateLog<CalibrationState>(({ is }) => is !== 'measuring');

  /** `entry` is the script of the process. */
  constructor(
    entry: string,
    kept: KeptCalibrations,
    { startChild = forkChild, look = readProcessors }: CalibratorOptions = {},
  ) {
    this.#entry = entry;
    this.#kept = kept;
    this.#startChild = startChild;
    this.#look = look;
  }

  get isMeasuring(): boolean {
    return this.#log.present?.is === 'measuring';
  }

  /** Of this machine as it is now; null where it has not been measured. */
  calibration(): Promise<Calibration | null> {
    return this.#kept.find(describeMachine());
  }

  /** Nothing may be measured meanwhile: whoever asks has seen to that. */
  start(request: CalibrationRequest): void {
    const { secondsAtMost = calibrationLimits.usualSeconds } = request;
    const before = this.#look();
    const ownBeforeMs = ownProcessorMs();
    const started: CalibrationProcess = new ProcessHandle<MeasureRequest, FromCalibrationProcess>(
      this.#entry,
      {
        parse: (raw) => fromCalibrationProcessSchema.parse(raw),
        heard: (from, message) => void this.#hear(from, message),
        died: (from, end) => {
          if (from === this.#going?.process) this.#end(failed(endProblem(end)));
        },
      },
      this.#startChild,
    );
    this.#going = { process: started, request, before, ownBeforeMs };
    this.#log.enter({ is: 'measuring', share: 0, what: 'getting ready' });
    started.send({ secondsAtMost });
  }

  /** States of the measurement that goes on, the present one first, up to its end; of none, how the last ended. */
  states(signal?: AbortSignal): AsyncGenerator<CalibrationState> {
    return this.#log.follow(signal);
  }

  /** Ends a measurement at once; what was kept before stays. */
  async cancel(): Promise<void> {
    const going = this.#going;
    if (!going) return;
    this.#end({ is: 'cancelled' });
    await going.process.kill();
  }

  /** Ends it, and the process; resolves when that is gone. */
  close(): Promise<void> {
    return this.cancel();
  }

  async #hear(from: CalibrationProcess, message: FromCalibrationProcess): Promise<void> {
    const going = this.#going;
    if (from !== going?.process) return;
    if (message.type === 'progress') {
      this.#log.enter({ is: 'measuring', share: message.share, what: message.what });
      return;
    }
    const state =
      message.type === 'failed' ? failed(...message.problems) : await this.#found(going, message);
    // It may have been cancelled while that was written.
    if (this.#going !== going) return;
    this.#end(state);
    await from.kill();
  }

  async #found(
    { request, before, ownBeforeMs }: Measurement,
    { rates, processorMs }: Measured,
  ): Promise<CalibrationState> {
    const ownMs = ownProcessorMs() - ownBeforeMs;
    const others = othersShare(before, this.#look(), processorMs + ownMs);
    const { othersShareAtMost = calibrationLimits.usualOthersShare } = request;
    if (others > othersShareAtMost) return failed(busy(others));
    const measuredAt = new Date().toISOString();
    const calibration = { machine: describeMachine(), measuredAt, ...rates };
    const kept = await this.#kept.keep(calibration);
    return kept.ok ? { is: 'measured', calibration } : failed(...kept.problems);
  }

  #end(state: CalibrationState): void {
    this.#going = null;
    this.#log.enter(state);
  }
}

const failed = (...problems: readonly Problem[]): CalibrationState => ({ is: 'failed', problems });

function busy(others: number): Problem {
  const message = `Other programs took ${Math.round(others * 100)}% of the processors while this machine was measured, so its figures would come out too low; close what works in the background and measure again.`;
  return error('machine-busy', message);
}

function endProblem(end: EngineEnd): Problem {
  const message = `The process that measured this machine ended (${causeOf(end)}); measure it again.`;
  return error('engine-died', message);
}
