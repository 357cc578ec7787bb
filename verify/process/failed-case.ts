/** The result of a case that could not even be compared. */
import { basename, dirname } from 'node:path';
import type { Problem } from '#engine/contract/problem.ts';
import type { CaseResult } from '../cases/case-result.ts';

/** Named after its folder, since its own name may not have been read. */
export function failedCase(folder: string, problems: readonly Problem[]): CaseResult {
  return {
    family: basename(dirname(folder)),
    name: basename(folder),
    status: 'fail',
    maxAbsError: null,
    atol: 0,
    message: problems.map(({ message }) => message).join(' '),
    compared: [],
    recorded: [],
    exempt: [],
  };
}
