import { describe, expect, it } from 'vitest';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { config, read, taken } from '#verify/taking-config.testing.ts';
import { catalogue } from '../index.ts';

describe('the layout of pictures', () => {
  it.each([
    ['internvl', 'internvl'],
    ['idefics2', 'idefics2'],
    ['smolvlm', 'idefics3'],
    ['janus', 'janus'],
    ['mistral3-pixtral', 'pixtral'],
    ['deepseek-vl', 'plain'],
    ['llava-next', 'plain'],
  ])('of %s is %s, as its configuration names itself', (name, pictureLayout) => {
    const files = config(read(`pipeline/${name}/config.json`));
    expect(taken(catalogue['language/decoder'], files)).toMatchObject({
      value: { params: { pictureLayout } },
    });
  });

  it('follows from the tower where the whole model is called LLaVA', () => {
    const files = config({
      ...read('pipeline/llava-clip-llama/config.json'),
      vision_config: { model_type: 'pixtral' },
    });
    expect(taken(catalogue['language/decoder'], files)).toMatchObject({
      value: { params: { pictureLayout: 'pixtral' } },
    });
  });

  it('by rows of tokens asks for a grid', () => {
    const problems = (select: 'patches' | 'pooled') =>
      checkGraph(
        sketchDocument(
          {
            image: ['input/image'],
            pixels: ['vision/preprocess', { size: 384, geometry: 'squash' }],
            encoder: ['encoder/siglip', { select }],
            projector: ['projector/mlp'],
            prompt: ['input/prompt'],
            language: ['language/decoder', { pictureLayout: 'pixtral' }],
          },
          [
            'image.image > pixels.image',
            'pixels.pixels > encoder.pixels',
            'encoder.tokens > projector.tokens',
            'projector.tokens > language.visual',
            'prompt.text > language.prompt',
          ],
        ),
        catalogue,
      ).problems.map(({ message }) => message);
    expect(problems('patches')).toEqual([]);
    expect(problems('pooled')).toEqual([
      expect.stringMatching(/layout "Pixtral" sets a token between the rows/),
    ]);
  });
});
