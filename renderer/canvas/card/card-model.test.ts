import { expect, test } from 'vitest';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { catalogue } from '#nodes/index.ts';
import { cardModel, wiredPorts } from './card-model.ts';

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
