/** The process that measures the machine: asked once, tells how far it is and what it found. */
import { openWorkLine } from '../system/parent-line.ts';
import { ownProcessorMs } from '../system/processor-load.ts';
import type { FromCalibrationProcess, MeasureRequest } from './calibration-message.ts';
import { measureRates } from './measure-rates.ts';

// What is built for the measurement is for this user alone, as long as it is there.
process.umask(0o077);

const parent = openWorkLine(hear);
const tell = (message: FromCalibrationProcess): void => parent.post(message);

function hear(raw: unknown): void {
  // Both ends are of one build.
  const { secondsAtMost } = raw as MeasureRequest;
  const answer = async (): Promise<void> => {
    const rates = await measureRates(secondsAtMost, (share, what) =>
      tell({ type: 'progress', share, what }),
    );
    if (!rates.ok) return tell({ type: 'failed', problems: rates.problems });
    tell({ type: 'measured', rates: rates.value, processorMs: ownProcessorMs() });
  };
  void answer();
}
