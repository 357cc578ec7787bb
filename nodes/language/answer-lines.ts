/** What stands a line each in the parameters of an answer: stop strings, biases, given answers. */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error, type Problem } from '#engine/contract/problem.ts';
import type { TextBias } from '#engine/node/host-step.ts';

/** What ends a line on whatever system it was written. */
const lineEnd = /\r\n|\n|\r/;

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\' };

/** Spaces count; what nobody can type into a line is escaped. */
export const stopLines = (text: string): readonly string[] =>
  text
    .split(lineEnd)
    .filter((line) => line !== '')
    .map((line) => line.replaceAll(/\\(.)/g, (whole, letter: string) => escapes[letter] ?? whole));

/** Each once, in order. */
export const choiceLines = (text: string): readonly string[] => {
  const lines = text.split(lineEnd).map((line) => line.trim());
  return [...new Set(lines.filter((line) => line !== ''))];
};

const mostBias = 100;
const biasNumber = /^[-+]?\d{1,3}(?:\.\d{1,6})?$/;

/** Fails with `param-invalid` for a line that is no text with a bias. */
export function biasLines(text: string): Outcome<readonly TextBias[]> {
  const biases: TextBias[] = [];
  for (const line of text.split(lineEnd)) {
    if (line.trim() === '') continue;
    // Behind the last colon, so that a text may hold others.
    const colon = line.lastIndexOf(':');
    const biased = line.slice(0, Math.max(0, colon)).trim();
    const bias = line.slice(colon + 1).trim();
    if (biased === '' || !biasNumber.test(bias) || Math.abs(Number(bias)) > mostBias) {
      const shown = JSON.stringify(line.slice(0, 40));
      const message = `Logit bias has the line ${shown}; write a text, a colon and a number from -100 to 100, such as "red: -100".`;
      return fail(error('param-invalid', message, { param: 'logitBias' }));
    }
    biases.push({ text: biased, bias: Number(bias) });
  }
  return ok(biases);
}

export interface Answering {
  readonly strategy: string;
  readonly choices: string;
  readonly answerCount: number;
  readonly logitBias: string;
}

/** Why the node `id` cannot answer as its parameters say; null where it can. */
export function answerProblem(
  id: string,
  { strategy, choices, answerCount, logitBias }: Answering,
): Problem | null {
  if (strategy === 'greedy' && answerCount > 1) {
    const message = `Greedy would write the same answer ${answerCount} times; choose Sample, or ask for one answer.`;
    const edit = { type: 'set-param' as const, id, param: 'strategy', value: 'sample' };
    const mend = { title: 'Draw the answers by probability', edits: [edit] };
    return error('param-invalid', message, { param: 'answerCount', mend });
  }
  if (strategy === 'choices' && choiceLines(choices).length < 2) {
    const message = 'There is nothing to choose from; write two answers or more, one a line.';
    return error('param-invalid', message, { param: 'choices' });
  }
  const biases = biasLines(logitBias);
  return biases.ok ? null : (biases.problems[0] ?? null);
}
