import { resolve } from 'node:path';
import type { CaseResult } from '#engine/contract/case-result.ts';
import type { Problem } from '#engine/contract/problem.ts';
import { exitStatus } from '../exit-status.ts';
import { printProblems } from '../terminal/problems.ts';
import { parseOptions, type Command } from './command.ts';

export const verifyCommand: Command = {
  name: 'verify',
  synopsis: 'verify FOLDER... [--json]',
  about: 'Checks recorded reference cases: builds the node of each, runs it and compares.',
  async run(args, caller, { host }) {
    const { values, positionals } = parseOptions(
      this,
      args,
      { json: { type: 'boolean' } },
      { least: 1, most: 1000 },
    );
    const started = await caller.startVerification(positionals.map((folder) => resolve(folder)));
    const problems: Problem[] = started.ok ? [] : [...started.problems];
    const cases: CaseResult[] = [];
    const told = started.ok ? host.runEvents(started.value.runId, -1) : [];
    for await (const { event } of told) {
      if (event.type === 'run-cancelled') return exitStatus.interrupted;
      if (event.type === 'run-failed') problems.push(...event.problems);
      if (event.type !== 'case-verified') continue;
      cases.push(event.result);
      if (values.json !== true) console.log(caseLine(event.result));
    }
    printProblems(problems);
    if (values.json === true) console.log(JSON.stringify({ cases }));
    else if (cases.length > 0) console.log(summary(cases));
    const failed = problems.length > 0 || cases.some(({ status }) => status === 'fail');
    return failed ? exitStatus.problems : exitStatus.done;
  },
};

function summary(cases: readonly CaseResult[]): string {
  const counts = (['pass', 'fail', 'unsupported'] as const).map(
    (status) => `${cases.filter((result) => result.status === status).length} ${status}`,
  );
  return counts.join(', ');
}

function caseLine({ family, name, status, maxAbsError, atol, message }: CaseResult): string {
  const error = maxAbsError === null ? '' : `max error ${maxAbsError.toExponential(1)} of ${atol}`;
  const detail = status === 'pass' ? '' : message;
  return [status.padEnd(11), `${family}/${name}`.padEnd(42), error, detail].join(' ').trimEnd();
}
