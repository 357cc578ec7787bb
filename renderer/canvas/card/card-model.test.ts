import { expect, test } from 'vitest';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { catalogue } from '#nodes/index.ts';
import { cardModel, wiredPorts } from './card-model.ts';

test.each([
  [{ precision: 'int8', blockSize: '64' }, ' · int8, block 64'],
  [{ precision: 'w8a8', blockSize: '64' }, ' · w8a8'],
  [{}, ' · float32'],
])(
  'a card ends with the precision, and with a block size only where there are blocks (%j)',
  (params, end) => {
    const document = sketchDocument({ projector: ['projector/mlp', params] }, []);
    const checked = checkGraph(document, catalogue);
    const facts = { checked, wired: wiredPorts(document), problems: [], estimate: null };
    expect(cardModel('projector', facts).summary?.endsWith(end)).toBe(true);
  },
);

test('a card shows the text that a person wrote, and of a node that makes text what it is set to', () => {
  const document = sketchDocument(
    {
      image: ['input/image'],
      prompt: ['input/prompt', { text: 'what is written there?' }],
      agent: ['vision/ocr-agent', { language: 'deu' }],
    },
    ['image.image > agent.image', 'prompt.text > agent.question'],
  );
  const facts = {
    checked: checkGraph(document, catalogue),
    wired: wiredPorts(document),
    problems: [],
    estimate: null,
  };
  expect(cardModel('prompt', facts)).toMatchObject({
    body: { kind: 'text', text: 'what is written there?' },
    summary: null,
  });
  expect(cardModel('agent', facts)).toMatchObject({ body: null, summary: 'up to 4 lines · deu' });
});
