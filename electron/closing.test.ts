/** Closing asks at most once, saves where asked to, and never closes over a save that was broken off. */
import { expect, test } from 'vitest';
import { Closing, type ClosingAnswer } from './closing.ts';

/** A window that answers the question as told, and notes what happens. */
function windowThatAnswers(...answers: ClosingAnswer[]) {
  const happened: string[] = [];
  const closing: Closing = new Closing({
    ask: (title) => {
      happened.push(`asked about ${title}`);
      return Promise.resolve(answers.shift() ?? 'stay');
    },
    save: () => happened.push('saving'),
    close: () => happened.push(closing.mayClose() ? 'closed' : 'held back'),
  });
  return { closing, happened };
}

/** Lets what an answer sets off happen. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('Without unsaved work the window closes and nobody is asked', () => {
  const { closing, happened } = windowThatAnswers();
  closing.setTitle('shapes', false);
  expect(closing.mayClose()).toBe(true);
  expect(happened).toEqual([]);
});

test('With unsaved work one question is put, however often the window is asked to close', async () => {
  const { closing, happened } = windowThatAnswers('keep');
  closing.setTitle('shapes', true);
  expect([closing.mayClose(), closing.mayClose()]).toEqual([false, false]);
  await settled();
  expect(happened).toEqual(['asked about shapes', 'closed']);
});

test('Who saves is waited for; a save that is broken off keeps the window', async () => {
  const { closing, happened } = windowThatAnswers('save', 'save');
  closing.setTitle('shapes', true);
  closing.mayClose();
  await settled();
  closing.saveAbandoned();
  closing.setTitle('shapes', false);
  expect(happened).toEqual(['asked about shapes', 'saving']);

  closing.setTitle('shapes', true);
  closing.mayClose();
  await settled();
  closing.setTitle('shapes', false);
  expect(happened.slice(2)).toEqual(['asked about shapes', 'saving', 'closed']);
});

test('A page that still has unsaved work after the save keeps the window, and a later save does not close it', async () => {
  const { closing, happened } = windowThatAnswers('save');
  closing.setTitle('shapes', true);
  closing.mayClose();
  await settled();
  closing.setTitle('shapes', true);
  closing.setTitle('shapes', false);
  expect(happened).toEqual(['asked about shapes', 'saving']);
});

test('A save that never comes to its end holds nobody: the next time the window closes with the draft', async () => {
  const { closing, happened } = windowThatAnswers('save', 'keep');
  closing.setTitle('shapes', true);
  closing.mayClose();
  await settled();
  expect(closing.mayClose()).toBe(false);
  await settled();
  expect(happened).toEqual(['asked about shapes', 'saving', 'asked about shapes', 'closed']);
});

test('Who stays may be asked the next time; a page that is gone has nothing to ask about', async () => {
  const { closing, happened } = windowThatAnswers('stay');
  closing.setTitle('shapes', true);
  closing.mayClose();
  await settled();
  expect(closing.mayClose()).toBe(false);
  await settled();
  closing.lostPage();
  expect(closing.mayClose()).toBe(true);
  expect(happened).toEqual(['asked about shapes', 'asked about shapes']);
});
