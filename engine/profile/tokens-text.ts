import type { StageReport } from '../contract/report.ts';

/** "604 → 316" where the number changes. */
export function tokensText({ tokensIn, tokensOut }: StageReport): string {
  if (tokensIn !== null && tokensOut !== null && tokensIn !== tokensOut)
    return `${tokensIn} → ${tokensOut}`;
  return String(tokensOut ?? tokensIn ?? '–');
}
