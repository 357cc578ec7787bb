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
  async run(args, caller) {
    const operands = { least: 1, most: 1000 };
    const { values, positionals } = parseOptions(
      this,
      args,
      { json: { type: 'boolean' } },
      operands,
    );
    const started = await caller.startVerification(positionals.map((folder) => resolve(folder)));
    const problems: Problem[] = started.ok ? [] : [...started.problems];
    const cases: CaseResult[] = [];
    if (started.ok) {
      for await (const { event } of await caller.runEvents({
        runId: started.value.runId,
        after: -1,
      })) {
        if (event.type === 'case-verified') {
          cases.push(event.result);
          if (values.json !== true) console.log(caseLine(event.result));
        } else if (event.type === 'run-failed') {
          problems.push(...event.problems);
        }
      }
    }
    printProblems(problems);
    const count = (status: CaseResult['status']) =>
      cases.filter((result) => result.status === status).length;
    if (values.json === true) console.log(JSON.stringify({ cases }));
    else
      console.log(
        `${count('pass')} pass, ${count('fail')} fail, ${count('unsupported')} unsupported`,
      );
    return problems.length > 0 || count('fail') > 0 ? exitStatus.problems : exitStatus.done;
  },
};

function caseLine({ family, name, status, maxAbsError, atol, message }: CaseResult): string {
  const error = maxAbsError === null ? '' : `max error ${maxAbsError.toExponential(1)} of ${atol}`;
  const detail = status === 'pass' ? '' : message;
  return [status.padEnd(11), `${family}/${name}`.padEnd(42), error, detail].join(' ').trimEnd();
}
