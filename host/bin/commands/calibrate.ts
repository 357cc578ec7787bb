import {
  calibrationLimits,
  type Calibration,
  type CalibrationState,
} from '#engine/contract/calibration.ts';
import { formatBytes, formatOperations, formatRate } from '#engine/contract/format.ts';
import type { HostService } from '#engine/contract/host-service.ts';
import { exitStatus } from './exit-status.ts';
import { printProblems } from '../terminal/problems.ts';
import { ProgressLine } from '../terminal/progress-line.ts';
import { formatTable } from '../terminal/table.ts';
import { parseOptions, wholeNumber, type Command } from './command.ts';

const options = {
  seconds: { type: 'string' },
  others: { type: 'string' },
  json: { type: 'boolean' },
} as const;
const { usualSeconds, usualOthersShare } = calibrationLimits;

export const calibrateCommand: Command = {
  name: 'calibrate',
  synopsis: 'calibrate [--seconds N] [--others PERCENT] [--json]',
  about: `Measures what this machine reaches: products in float32, int8, int4 and w8a8, memory, and the cost of a small operator, in about a minute (--seconds ${usualSeconds}), and keeps it for the app, which holds runs against it; where other programs take more than ${usualOthersShare * 100}% of the processors (--others), nothing is kept.`,
  async run(args, caller, { host }) {
    const { values } = parseOptions(this, args, options, { least: 0, most: 0 });
    const secondsAtMost = wholeNumber(
      'seconds',
      values.seconds,
      1,
      calibrationLimits.secondsAtMost,
    );
    const others = wholeNumber('others', values.others, 0, 100);
    const started = await caller.startCalibration({
      ...(secondsAtMost !== undefined && { secondsAtMost }),
      ...(others !== undefined && { othersShareAtMost: others / 100 }),
    });
    if (!started.ok) {
      printProblems(started.problems);
      return exitStatus.problems;
    }
    const end = await followed(host);
    if (end?.is === 'measured') {
      const { calibration } = end;
      console.log(values.json === true ? JSON.stringify(calibration) : figures(calibration));
      return exitStatus.done;
    }
    if (end?.is !== 'failed') return exitStatus.interrupted;
    printProblems(end.problems);
    return exitStatus.problems;
  },
};

async function followed(host: HostService): Promise<CalibrationState | null> {
  const line = new ProgressLine();
  let last: CalibrationState | null = null;
  for await (const state of host.calibrationStates()) {
    last = state;
    if (state.is === 'measuring')
      line.say(`Measuring ${Math.floor(100 * state.share)}% · ${state.what}`);
  }
  line.clear();
  return last;
}

function figures({
  machine,
  matrixFlopsPerSecond,
  memoryBytesPerSecond,
  launchMicroseconds,
}: Calibration): string {
  const { cpu, threads, onnxRuntime } = machine;
  const rows = [
    ...Object.entries(matrixFlopsPerSecond).map(([precision, flopsPerSecond]) => ({
      what: `products in ${precision}`,
      reached: `${formatOperations(flopsPerSecond)}/s`,
    })),
    { what: 'memory, read', reached: `${formatBytes(memoryBytesPerSecond)}/s` },
    { what: 'a small operator', reached: `${formatRate(launchMicroseconds)}\u2009µs` },
  ];
  const table = formatTable(
    [
      { title: 'measured', align: 'left', text: ({ what }) => what },
      { title: 'reached', align: 'right', text: ({ reached }) => reached },
    ],
    rows,
  );
  return `${cpu}, ${threads} threads, ONNX Runtime ${onnxRuntime}\n\n${table}`;
}
