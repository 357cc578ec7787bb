import { expect, test } from 'vitest';
import { answerProblem, biasLines, choiceLines, stopLines } from './answer-lines.ts';

test('a stop string is a line, spaces and all, with what cannot be typed escaped', () => {
  expect(stopLines('\n###\r\n USER:\n\\n\\n\n\\t|\\\\n\\q')).toEqual([
    '###',
    ' USER:',
    '\n\n',
    '\t|\\n\\q',
  ]);
});

test('a choice is a line without what is around it, and counts once', () => {
  expect(choiceLines(' red \n\nblue\r\nred\n dark red')).toEqual(['red', 'blue', 'dark red']);
});

test('a bias stands behind the last colon of its line', () => {
  expect(biasLines('red: -100\n\n USER: : 2.5\nblue:+3')).toEqual({
    ok: true,
    value: [
      { text: 'red', bias: -100 },
      { text: 'USER:', bias: 2.5 },
      { text: 'blue', bias: 3 },
    ],
  });
  for (const line of ['red', 'red:', ': 3', 'red: much', 'red: 101', 'red: 1e2', 'red: 0x1'])
    expect(biasLines(line)).toMatchObject({
      ok: false,
      problems: [{ code: 'param-invalid', param: 'logitBias' }],
    });
});

test('what cannot be answered is told at the field that mends it', () => {
  const greedy = { strategy: 'greedy', choices: '', answerCount: 1, logitBias: '' };
  expect(answerProblem('language', greedy)).toBeNull();
  expect(answerProblem('language', { ...greedy, answerCount: 4 })).toMatchObject({
    param: 'answerCount',
    mend: { edits: [{ type: 'set-param', id: 'language', param: 'strategy', value: 'sample' }] },
  });
  expect(answerProblem('language', { ...greedy, strategy: 'sample', answerCount: 4 })).toBeNull();
  const choosing = { ...greedy, strategy: 'choices' };
  expect(answerProblem('language', { ...choosing, choices: 'red\nred' })).toMatchObject({
    param: 'choices',
  });
  expect(answerProblem('language', { ...choosing, choices: 'red\nblue' })).toBeNull();
  expect(answerProblem('language', { ...greedy, logitBias: 'red' })?.param).toBe('logitBias');
});
