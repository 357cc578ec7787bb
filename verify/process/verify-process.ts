/** The process that checks recorded cases: hears of a folder, tells what came of it. */
import { openWorkLine } from '#host/system/parent-line.ts';
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

const parent = openWorkLine((raw) => {
  const { folder } = toCheckerSchema.parse(raw);
  const answer = async (): Promise<void> => {
    const message: FromChecker = { type: 'case-verified', result: await check(folder) };
    parent.post(message);
  };
  void answer();
});
