/** Whether a case passes: only where everything that was recorded agrees, or is exempt for a reason that is told. */
import type { CaseResult } from './case-result.ts';
import type { Comparison } from './comparison.ts';
import type { Exempt } from './exemptions.ts';

type Verdict = Pick<
  CaseResult,
  'status' | 'maxAbsError' | 'message' | 'compared' | 'recorded' | 'exempt'
>;

/** `recorded` are the names of all values that the case holds. */
export function verdictOf(
  recorded: readonly string[],
  comparisons: readonly Comparison[],
  exempt: readonly Exempt[],
): Verdict {
  const compared = new Set(comparisons.map(({ name }) => name));
  const left = recorded.filter(
    (name) => !compared.has(name) && !exempt.some((each) => each.name === name),
  );
  const wrong = comparisons.filter(({ maxAbsError, atol }) => !(maxAbsError <= atol));
  const sentences = [
    ...wrong.map(({ name, maxAbsError, note }) => `${name}: ${note ?? `off by ${maxAbsError}`}`),
    ...(left.length > 0 ? [`not compared: ${left.join(', ')}`] : []),
    ...(recorded.length === 0 ? ['nothing is recorded'] : []),
  ];
  const worst = Math.max(...comparisons.map(({ maxAbsError }) => maxAbsError));
  return {
    status: sentences.length === 0 ? 'pass' : 'fail',
    // JSON knows no infinity.
    maxAbsError: Number.isFinite(worst) ? worst : null,
    message: sentences.join('; '),
    compared: recorded.filter((name) => compared.has(name)),
    recorded: [...recorded],
    exempt: [...exempt],
  };
}
