/** LLaVA-UHD's slices: a picture cut into a grid of slices that keep its proportions. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { normalisationParam, normalisations } from './normalisation.ts';
import { areaSideParam, pictureSizeParams, roundingParam } from './picture-size.ts';
import { slicePlan } from './slice-plan.ts';
import { tiledPixels } from './tiled-pixels.ts';
import { uhdSlicesFromConfig } from './uhd-slices-config.ts';

export const uhdSlices = defineNode({
  type: 'vision/uhd-slices',
  version: 1,
  family: 'vision',
  title: 'UHD slices',
  about:
    'Cuts a large picture into slices that keep its proportions nearly as they are, each of about as many pixels as the encoder ' +
    'was trained on, so that nothing is padded or stretched much. The slices are no squares: the encoder must take grids of ' +
    'any shape, and a resampler makes of each slice the same number of tokens. The whole picture goes beside them, through ' +
    'Native resolution by area, with a wire of its own before that of the slices.',
  references: [
    {
      title: 'LLaVA-UHD: an LMM Perceiving Any Aspect Ratio and High-Resolution Images',
      url: 'https://arxiv.org/abs/2403.11703',
    },
    {
      title: 'MiniCPM-V: A GPT-4V Level MLLM on Your Phone',
      url: 'https://arxiv.org/abs/2408.01800',
    },
  ],

  params: {
    ...pictureSizeParams,
    mostSlices: {
      kind: 'integer',
      label: 'Slices, most',
      help: 'A picture that is larger still is shrunk.',
      default: 9,
      min: 2,
      max: 144,
    },
    areaSide: {
      ...areaSideParam,
      help: 'A slice has about as many pixels as a square of this side.',
    },
    patch: {
      kind: 'integer',
      label: 'Patch',
      help: 'Sides of slices become multiples of this.',
      default: 14,
      min: 1,
      max: 1024,
      unit: 'px',
    },
    rounding: roundingParam,
    normalisation: normalisationParam,
  },
  inputs: { image: { kind: 'image', title: 'Image', several: true } },
  outputs: { pixels: { kind: 'pixels', title: 'Pixels' } },
  fromConfig: (files) => uhdSlicesFromConfig(files),
  infer({ params, inputs }) {
    const { pictureWidth: width, pictureHeight: height } = params;
    const plan = slicePlan({ width, height }, params);
    if (!plan) {
      const message = `A picture of ${width} × ${height} pixels is small enough to be seen whole; wire it through Native resolution alone, or lower the scale.`;
      return fail(error('param-invalid', message, { param: 'pictureWidth' }));
    }
    const count = plan.grid.rows * plan.grid.columns;
    const views = { expected: count, most: count, known: true };
    const pixels = tiledPixels(inputs.image, plan.slice, views);
    return pixels.ok ? ok({ outputs: { pixels: pixels.value }, found: plan }) : pixels;
  },
  summary: ({ mostSlices, normalisation }) => `up to ${mostSlices} slices · ${normalisation}`,
  shows: [{ kind: 'views', port: 'pixels' }],
  body: {
    kind: 'host',
    step: ({ params: { mostSlices, areaSide, patch, rounding, normalisation }, found }) => ({
      kind: 'tile',
      recipe: {
        scheme: 'slice',
        rule: { mostSlices, areaSide, patch, rounding },
        ...found,
        filter: 'bicubic',
        ...normalisations[normalisation],
      },
    }),
  },
});
