/** From a picture of any size to the pixels a vision encoder was trained on. */
import { ok } from '#engine/contract/outcome.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { picturesInAll } from '#engine/node/item-views.ts';
import type { WireOf } from '#engine/node/wire.ts';
import type { PreprocessRecipe } from '#engine/node/host-step.ts';
import { filterParam } from './filter.ts';
import { normalisationParam, normalisations } from './normalisation.ts';
import { pictureSide, sizeParam } from './picture-side.ts';
import { preprocessFromConfig } from './preprocess-config.ts';

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
      {
        value: 'fit',
        label: 'Fit and pad',
        about: 'Longest edge resized, then padded with the mean colour: Janus.',
      },
    ],
  },
  filter: filterParam,
  normalisation: normalisationParam,
  size: sizeParam,
  width: {
    kind: 'optional-integer',
    label: 'Width',
    help: 'Width where it is not square; the size is then the height.',
    default: null,
    min: 8,
    max: 4096,
    unit: 'px',
    whenEmpty: 'as the size',
    shownWhen: { param: 'geometry', is: ['crop', 'squash'] },
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
  shortest: {
    kind: 'integer',
    label: 'Shortest edge',
    help: 'A long picture is not made thinner than this.',
    default: 14,
    min: 1,
    max: 4096,
    unit: 'px',
    shownWhen: { param: 'geometry', is: ['fit'] },
    group: 'architecture',
  },
} as const;

export const preprocess = defineNode({
  type: 'vision/preprocess',
  version: 2,
  family: 'vision',
  title: 'Preprocess',
  about:
    'Resizes, crops or pads a picture and normalises its colours exactly as the published recipe does: in two passes ' +
    'with rounding to whole grey levels after each, as the image library the models were trained with. ' +
    'A recipe other than the trained one costs accuracy that nothing later brings back.',
  references: [
    { title: 'LLaVA-1.5: pad instead of crop', url: 'https://arxiv.org/abs/2310.03744' },
  ],
  params,
  inputs: { image: { kind: 'image', title: 'Image', several: true } },
  outputs: { pixels: { kind: 'pixels', title: 'Pixels' } },
  migrations: {
    // A width was heard only by a crop.
    1: ({ width, ...rest }) =>
      width === undefined || (rest['geometry'] ?? 'crop') !== 'crop' ? rest : { ...rest, width },
  },
  fromConfig: (files) => preprocessFromConfig(files),
  infer({ id, params: values, inputs, demands }) {
    const side = pictureSide('The preprocessing', id, values.size, demands.pixels);
    if (!side.ok) return side;
    const height = side.value;
    const isSquare = values.geometry === 'pad' || values.geometry === 'fit';
    const width = isSquare ? height : (values.width ?? height);
    const views = picturesInAll(inputs.image);
    return ok({
      outputs: { pixels: { kind: 'pixels', height, width, ...views } },
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
  const colours = { ...normalisations[values.normalisation], filter: values.filter };
  switch (values.geometry) {
    case 'crop':
      return {
        padToSquare: false,
        resizeTo: values.resizeTo ?? height,
        crop: { height, width },
        ...colours,
      };
    case 'pad':
      return {
        padToSquare: true,
        resizeTo: height,
        crop: { height, width },
        ...colours,
      };
    case 'squash':
      return { padToSquare: false, resizeTo: { height, width }, crop: null, ...colours };
    case 'fit': {
      const resizeTo = { longestEdge: height, shortest: values.shortest };
      return { padToSquare: false, resizeTo, crop: null, ...colours };
    }
  }
}
