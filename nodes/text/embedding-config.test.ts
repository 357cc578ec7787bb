/** What a table of tokens takes from published configurations. */
import { describe, expect, it } from 'vitest';
import { config, read, taken } from '#verify/taking-config.testing.ts';
import { catalogue } from '../index.ts';

describe('a table of tokens', () => {
  it('is that of the language model, as far as the table goes', () => {
    const gemma = config(read('slm/gemma/config.json'));
    const { vocab_size, hidden_size } = read('slm/gemma/config.json');
    expect(taken(catalogue['text/embedding'], gemma)).toMatchObject({
      value: {
        params: {
          model: 'custom',
          vocabularySize: vocab_size,
          hiddenSize: hidden_size,
          scale: Math.sqrt(Number(hidden_size)),
        },
        took: ["Gemma's table of tokens"],
      },
    });
  });

  it.each([
    ['text/embedding', { model_type: 'bert' }, { model: 'bert-base' }],
    ['text/embedding', { model_type: 'bert', vocab_size: 9 }, { model: 'custom', hiddenSize: 768 }],
  ] as const)('%s takes %j', (type, said, params) => {
    expect(taken(catalogue[type], config(said))).toMatchObject({ value: { params } });
  });
});
