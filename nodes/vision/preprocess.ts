/** From a picture of any size to the pixels a vision encoder was trained on. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { picturesInAll, type WireOf } from '#engine/node/wire.ts';
import type { PreprocessRecipe } from '#engine/node/host-step.ts';
import { preprocessFromConfig } from './preprocess-config.ts';

/** Mean and standard deviation of red, green and blue that published models normalise by. */
const normalisations = {
  clip: {
    mean: [0.48145466, 0.4578275, 0.40821073],
    deviation: [0.26862954, 0.26130258, 0.27577711],
  },
  half: { mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5] },
  imagenet: { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] },
} as const;

const params = {
  geometry: {
    kind: 'choice',
    label: 'Geometry',
    help: 'How a picture that is not square becomes square.',
    default: 'crop',
    options: [
      {
        value: 'crop',
        label: 'Centre crop',
        about: 'Shortest edge resized, the middle kept: CLIP.',
      },
      {
        value: 'pad',
        label: 'Pad to square',
        about: 'Padded with the mean colour, then resized: LLaVA-1.5.',
      },
      { value: 'squash', label: 'Squash', about: 'Resized without regard to proportions: SigLIP.' },
    ],
  },
  normalisation: {
    kind: 'choice',
    label: 'Normalisation',
    help: 'Which mean and deviation the colours are brought to.',
    default: 'clip',
    options: [
      { value: 'clip', label: 'CLIP' },
      { value: 'half', label: '0.5 and 0.5', about: 'Colours from −1 to 1: SigLIP.' },
      { value: 'imagenet', label: 'ImageNet' },
    ],
  },
  size: {
    kind: 'optional-integer',
    label: 'Size',
    help: 'Side of the square that goes out.',
    default: null,
    min: 8,
    max: 4096,
    unit: 'px',
    whenEmpty: 'from the encoder',
  },
  width: {
    kind: 'optional-integer',
    label: 'Width',
    help: 'Width of the crop where it is not square; the size is then its height.',
    default: null,
    min: 8,
    max: 4096,
    unit: 'px',
    whenEmpty: 'as the size',
    shownWhen: { param: 'geometry', is: ['crop'] },
    group: 'architecture',
  },
  resizeTo: {
    kind: 'optional-integer',
    label: 'Resize to',
    help: 'Length of the shortest edge before the crop.',
    default: null,
    min: 8,
    max: 4096,
    unit: 'px',
    whenEmpty: 'as the size',
    shownWhen: { param: 'geometry', is: ['crop'] },
    group: 'architecture',
  },
} as const;

export const preprocess = defineNode({
  type: 'vision/preprocess',
  version: 1,
  family: 'vision',
  title: 'Preprocess',
  about:
    'Resizes, crops or pads a picture and normalises its colours exactly as the published recipe does: bicubic in two ' +
    'passes with rounding to whole grey levels after each, as the image library the models were trained with. ' +
    'A recipe other than the trained one costs accuracy that nothing later brings back.',
  references: [
    { title: 'LLaVA-1.5: pad instead of crop', url: 'https://arxiv.org/abs/2310.03744' },
  ],
  params,
  inputs: { image: { kind: 'image', title: 'Image', several: true } },
  outputs: { pixels: { kind: 'pixels', title: 'Pixels' } },
  fromConfig: (files) => preprocessFromConfig(files, normalisations),
  infer({ id, params: values, inputs, demands }) {
    const wanted = demands.pixels?.pixels;
    if (values.size !== null && wanted !== undefined && values.size !== wanted) {
      const message = `The preprocessing gives ${values.size} pixels a side, the encoder sees ${wanted}; set the size to ${wanted}.`;
      const edit = { type: 'set-param' as const, id, param: 'size', value: wanted };
      const mend = { title: `Set the size to ${wanted}`, edits: [edit] };
      return fail(error('dimension-mismatch', message, { param: 'size', mend }));
    }
    const height = values.size ?? wanted ?? demands.pixels?.usualPixels;
    if (height === undefined) {
      const message =
        'The size is not known; wire the preprocessing to an encoder, or type the size.';
      return fail(error('param-invalid', message, { param: 'size' }));
    }
    const views = picturesInAll(inputs.image);
    return ok({
      outputs: { pixels: { kind: 'pixels', height, width: values.width ?? height, ...views } },
    });
  },
  summary: ({ geometry, normalisation }) => `${geometry} · ${normalisation}`,
  body: {
    kind: 'host',
    step: ({ params: values, outputs }) => ({
      kind: 'preprocess',
      recipe: recipeOf(values, outputs.pixels),
    }),
  },
});

function recipeOf(values: ParamValues<typeof params>, pixels: WireOf<'pixels'>): PreprocessRecipe {
  const { height, width } = pixels;
  const colours = normalisations[values.normalisation];
  switch (values.geometry) {
    case 'crop':
      return {
        padToSquare: false,
        resize: 'shortest-edge',
        resizeTo: values.resizeTo ?? height,
        crop: { height, width },
        ...colours,
      };
    case 'pad':
      return {
        padToSquare: true,
        resize: 'shortest-edge',
        resizeTo: height,
        crop: { height, width },
        ...colours,
      };
    case 'squash':
      return { padToSquare: false, resize: 'square', resizeTo: height, crop: null, ...colours };
  }
}
