/** What vision towers take from published configurations. */
import { describe, expect, it } from 'vitest';
import { config, read, refusal, taken } from '#verify/taking-config.testing.ts';
import { catalogue } from '../../index.ts';

describe('a vision tower', () => {
  it('alone leaves it open which layer is taken', () => {
    const files = config(read('encoder/clip-vit-gelu/config.json'));
    const outcome = taken(catalogue['encoder/clip-vit'], files);
    expect(outcome).toMatchObject({
      value: {
        params: { imageSize: 29, activation: 'gelu', normEpsilon: 1e-6, projectionSize: 20 },
      },
    });
    expect(JSON.stringify(outcome)).not.toContain('featureLayer');
  });

  it('of a whole CLIP that says only its family is what the library means by that', () => {
    const files = config({
      model_type: 'siglip',
      vision_config: { model_type: 'siglip_vision_model' },
    });
    expect(taken(catalogue['encoder/siglip'], files)).toMatchObject({
      value: { params: { model: 'base-p16-224' } },
    });
  });

  it('of another family is not taken for one of its own', () => {
    const files = config(read('encoder/siglip/config.json'));
    expect(refusal(catalogue['encoder/clip-vit'], files)).toMatch(
      /no CLIP tower; what sees in it is "siglip_vision_model"/,
    );
  });

  it.each([
    ['janus', { featureLayer: -1, select: 'patches', feedForwardSize: 72, activation: 'gelu' }],
    ['deepseek-vl', { featureLayer: -1, select: 'patches' }],
    ['llava-onevision', { featureLayer: -1, select: 'unnormed' }],
  ])('of %s is taken from the last layer, with its norm or without', (name, params) => {
    const files = config(read(`pipeline/${name}/config.json`));
    expect(taken(catalogue['encoder/siglip'], files)).toMatchObject({ value: { params } });
  });

  it('whose first patch would be left out as a class token is refused', () => {
    const files = config({
      ...read('pipeline/llava-siglip-phi/config.json'),
      vision_feature_select_strategy: 'default',
    });
    expect(refusal(catalogue['encoder/siglip'], files)).toMatch(/first patch/);
  });
});
