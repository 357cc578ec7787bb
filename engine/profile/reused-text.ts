import type { ReusedTokens } from '../contract/run-event.ts';

/** "576 visual and 12 text tokens of the last run", "nothing of the last run" */
export function reusedText({ visual, words }: ReusedTokens): string {
  const kinds = [
    ...(visual > 0 ? [`${visual} visual`] : []),
    ...(words > 0 ? [`${words} text`] : []),
  ].join(' and ');
  if (kinds === '') return 'nothing of the last run';
  return `${kinds} ${visual + words === 1 ? 'token' : 'tokens'} of the last run`;
}
