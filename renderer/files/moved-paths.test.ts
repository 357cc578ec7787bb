import { expect, test } from 'vitest';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { wholePathEdits } from './moved-paths.ts';

test('only what lies beside the old file is named anew', () => {
  const weights = (folder: string) => ({ weights: { kind: 'checkpoint', folder } });
  const document = sketchDocument(
    {
      near: ['input/image', { source: { kind: 'file', path: 'pictures/cat.png' } }],
      far: ['input/image', { source: { kind: 'file', path: '/home/cat.png' } }],
      sample: ['input/image', { source: { kind: 'sample', name: 'still-life' } }],
      own: ['encoder/clip-vit', weights('models/clip')],
      builtin: ['encoder/clip-vit', weights('builtin:shapes-llava')],
      clip: ['input/video', { source: { kind: 'clip', path: 'frames' } }],
      prompt: ['input/prompt', { text: 'pictures/cat.png' }],
    },
    [],
  );
  expect(wholePathEdits(document, '/data')).toEqual([
    {
      type: 'set-param',
      id: 'near',
      param: 'source',
      value: { kind: 'file', path: '/data/pictures/cat.png' },
    },
    {
      type: 'set-param',
      id: 'own',
      param: 'weights',
      value: { kind: 'checkpoint', folder: '/data/models/clip' },
    },
    {
      type: 'set-param',
      id: 'clip',
      param: 'source',
      value: { kind: 'clip', path: '/data/frames' },
    },
  ]);
});
