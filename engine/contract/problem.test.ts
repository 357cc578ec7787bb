/** Sentences may hold names and texts of foreign files, and go to pages, terminals and logs. */
import { describe, expect, it } from 'vitest';
import { error, warning } from './problem.ts';

describe('the sentence of a problem, whatever a file puts into it,', () => {
  it('shows what would steer a terminal or turn the text around, and leaves the rest as it is', () => {
    const named = (name: string): string =>
      warning('param-unknown', `There is no "${name}".`).message;
    expect(named('\u001B[2J\u009B1m\0\r')).toBe('There is no "\\u001b[2J\\u009b1m\\u0000\\u000d".');
    expect(named('\u202Egnp.\u2066')).toBe('There is no "\\u202egnp.\\u2066".');
    expect(named('naïve 模型 🙂\n\tdone')).toBe('There is no "naïve 模型 🙂\n\tdone".');
  });

  it('stays a sentence, whose end still says what to do', () => {
    const name = `${'a'.repeat(50_000)}🙂`;
    const { message } = error('file-unreadable', `There is no "${name}"; choose another file.`);
    expect(message.length).toBeLessThan(2_000);
    expect(message).toMatch(/^There is no "a+ … a+🙂"; choose another file\.$/u);
  });
});
