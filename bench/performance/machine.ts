/** What this machine reaches, as `patchbay calibrate` measures and keeps it. */
import { formatOperations } from '#engine/contract/format.ts';
import { NotMeasured, withEngine } from '../engine/run-graph.ts';
import { markdownTable } from '../pages/markdown-table.ts';
import { gigabytesPerSecond } from './figure.ts';

/** Throws `NotMeasured` where other programs took too much of the machine. */
export function machineTable(): Promise<string> {
  return withEngine(async (host) => {
    const started = await host.startCalibration({});
    if (!started.ok) throw new NotMeasured(started.problems[0]?.message);
    for await (const state of host.calibrationStates()) {
      if (state.is === 'failed') throw new NotMeasured(state.problems[0]?.message);
      if (state.is !== 'measured') continue;
      const { matrixFlopsPerSecond, memoryBytesPerSecond, launchMicroseconds } = state.calibration;
      const products = Object.entries(matrixFlopsPerSecond).map(([precision, flops]) => [
        `products in ${precision}`,
        `${formatOperations(flops)}/s`,
      ]);
      return markdownTable(
        ['measured', 'reached'],
        [
          ...products,
          ['memory, read', gigabytesPerSecond(memoryBytesPerSecond)],
          ['a small operator', `${launchMicroseconds.toFixed(2)} µs`],
        ],
      );
    }
    throw new NotMeasured('It was not measured to the end.');
  });
}
