/** The process that checks recorded cases: hears of a folder, tells what came of it. */
import { rmSync } from 'node:fs';
import { toCheckerSchema, type FromChecker } from './case-message.ts';
import type { CaseResult } from '../cases/case-result.ts';
import { failedCase } from './failed-case.ts';
import { openCase } from '../cases/recorded-case.ts';
import { verifyCase } from '../drivers/verify-case.ts';
import { Workbench } from '../workbench.ts';

let workbench: Workbench | null = null;

async function check(folder: string): Promise<CaseResult> {
  if (!workbench) {
    const opened = await Workbench.open();
    if (!opened.ok) return failedCase(folder, opened.problems);
    workbench = opened.value;
  }
  const recorded = await openCase(folder);
  return recorded.ok
    ? verifyCase(recorded.value, workbench)
    : failedCase(folder, recorded.problems);
}

process.on('message', (raw) => {
  const { folder } = toCheckerSchema.parse(raw);
  const answer = async (): Promise<void> => {
    const message: FromChecker = { type: 'case-verified', result: await check(folder) };
    // To a caller that is gone, which the process is told of by the end of the line.
    process.send?.(message, () => undefined);
  };
  void answer();
});

// The caller decides what an interrupt in the terminal means; without a caller there is nothing to do.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => {
  // The caller is gone, and cannot remove the folder for temporary files that it gave.
  const [, , temporary] = process.argv;
  if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
  process.exit();
});
