import { expect, test } from 'vitest';
import { languageTitles } from './language-titles.ts';

test('models that share a title are told apart by their nodes', () => {
  const models = [
    { node: 'language', title: 'Language model' },
    { node: 'small', title: 'Small' },
    { node: 'language-2', title: 'Language model' },
  ];
  expect([...languageTitles(models).values()]).toEqual([
    'Language model (language)',
    'Small',
    'Language model (language-2)',
  ]);
});
