/** `--budget`: limits that a graph is held against. */
import { noBudget, type Budget, type LimitName } from '#engine/contract/budget.ts';
import { orNearest } from '../../nearest-names.ts';
import { UsageError } from './exit-status.ts';

/** As they are typed, each with what one of its unit is in that of the budget. */
const names: Readonly<Record<string, { readonly limit: LimitName; readonly unit: number }>> = {
  'first-token-ms': { limit: 'timeToFirstTokenMs', unit: 1 },
  'tokens-per-second': { limit: 'decodeTokensPerSecond', unit: 1 },
  'memory-mb': { limit: 'peakBytes', unit: 1e6 },
  parameters: { limit: 'parameters', unit: 1 },
};
const known = Object.keys(names);

/** "first-token-ms=500,memory-mb=4000"; each limit is given once. Throws `UsageError` for what is none. */
export function givenBudget(given: string): Budget {
  const budget: Record<LimitName, number | null> = { ...noBudget };
  for (const part of given.split(',')) {
    const [name = '', typed] = part.split('=', 2).map((each) => each.trim());
    const found = Object.hasOwn(names, name) ? names[name] : undefined;
    if (!found) throw new UsageError(`--budget knows no limit "${name}"${orElse(name)}.`);
    const value = /^(\d+\.?\d*|\.\d+)(e\d+)?$/i.test(typed ?? '') ? Number(typed) : 0;
    if (!(value > 0 && value <= mostTyped))
      throw new UsageError(
        `--budget takes ${name}=N with a number above 0 and up to ${mostTyped}, not "${part.trim()}".`,
      );
    if (budget[found.limit] !== null) throw new UsageError(`--budget is given ${name} twice.`);
    budget[found.limit] = value * found.unit;
  }
  return budget;
}

/** A million machines' worth. */
const mostTyped = 1e12;

const orElse = (name: string): string =>
  orNearest(name, known) || `; its limits are ${known.join(', ')}`;
