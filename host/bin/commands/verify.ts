import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CaseChecker } from '#verify/process/case-checker.ts';
import { findCaseFolders } from '#verify/cases/case-folders.ts';
import type { CaseResult } from '#verify/cases/case-result.ts';
import { exitStatus } from './exit-status.ts';
import { printProblems } from '../terminal/problems.ts';
import { parseOptions, type Command } from './command.ts';

export const verifyCommand: Command = {
  name: 'verify',
  synopsis: 'verify FOLDER... [--json]',
  about: 'Checks recorded reference cases: builds the node of each, runs it and compares.',
  async run(args, _caller, { whileOpen }) {
    const { values, positionals } = parseOptions(
      this,
      args,
      { json: { type: 'boolean' } },
      { least: 1, most: 1000 },
    );
    const isJson = values.json === true;
    const folders = await findCaseFolders(positionals.map((folder) => resolve(folder)));
    if (!folders.ok) {
      printProblems(folders.problems);
      if (isJson) console.log(JSON.stringify({ cases: [] }));
      return exitStatus.problems;
    }
    const here = dirname(fileURLToPath(import.meta.url));
    const cases = await whileOpen(new CaseChecker(join(here, 'verify-process.js')), (checker) =>
      checkAll(checker, folders.value, isJson ? () => undefined : printCase),
    );
    console.log(isJson ? JSON.stringify({ cases }) : summary(cases));
    return cases.some(({ status }) => status === 'fail') ? exitStatus.problems : exitStatus.done;
  },
};

async function checkAll(
  checker: CaseChecker,
  folders: readonly string[],
  tell: (result: CaseResult) => void,
): Promise<readonly CaseResult[]> {
  const cases: CaseResult[] = [];
  for (const folder of folders) {
    const result = await checker.check(folder);
    tell(result);
    cases.push(result);
  }
  return cases;
}

function summary(cases: readonly CaseResult[]): string {
  const counts = (['pass', 'fail', 'unsupported'] as const).map(
    (status) => `${cases.filter((result) => result.status === status).length} ${status}`,
  );
  return counts.join(', ');
}

function printCase(result: CaseResult): void {
  const { family, name, status, maxAbsError, atol, message } = result;
  const error = maxAbsError === null ? '' : `max error ${maxAbsError.toExponential(1)} of ${atol}`;
  const columns = [status.padEnd(11), `${family}/${name}`.padEnd(42), counted(result), error];
  console.log(
    [...columns, message]
      .filter((column) => column !== '')
      .join(' ')
      .trimEnd(),
  );
  for (const exempt of result.exempt)
    console.log(`${' '.repeat(12)}not held to ${exempt.name}: ${exempt.reason}`);
}

/** "5 of 5" recorded values compared. */
function counted({ status, compared, recorded }: CaseResult): string {
  return status === 'unsupported' ? '' : `${compared.length} of ${recorded.length}`.padEnd(9);
}
