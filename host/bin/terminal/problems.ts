/** Problems as lines on standard error, one each. */
import type { Problem } from '#engine/contract/problem.ts';

export function printProblems(problems: readonly Problem[]): void {
  for (const problem of problems) console.error(problemLine(problem));
  for (const place of new Set(problems.map(({ unchosen }) => unchosen)))
    if (place !== undefined) console.error(`Where it may be read, add: --allow ${place}`);
}

export function problemLine({ severity, code, message, node, port, param }: Problem): string {
  const place = [node, port ?? param].filter((part) => part !== undefined).join('.');
  // A message of a library may span lines; ours stays one.
  const sentence = message.replaceAll(/\s*\n\s*/g, ' ');
  return `${severity}: ${place === '' ? '' : `${place}: `}${sentence} [${code}]`;
}
