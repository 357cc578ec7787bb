/** Preprocessing of models that see pictures of any size and shape: only whole patches, and a budget, are asked for. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import type { SizeRule } from '#engine/node/host-step.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { picturesInAll } from '#engine/node/item-views.ts';
import { filterParam } from './filter.ts';
import { nativeResolutionFromConfig } from './native-resolution-config.ts';
import { normalisationParam, normalisations } from './normalisation.ts';
import { areaSideParam, pictureSizeParams, roundingParam } from './picture-size.ts';
import { longestRatio, ruledSize } from './size-rules.ts';

const params = {
  ...pictureSizeParams,
  rule: {
    kind: 'choice',
    label: 'Rule',
    help: 'What decides how large a picture becomes.',
    default: 'pixels',
    options: [
      { value: 'pixels', label: 'Pixels', about: 'Its own size between two budgets: Qwen2-VL.' },
      {
        value: 'longest-edge',
        label: 'Longest edge',
        about: 'Its own size, unless an edge is too long: Pixtral.',
      },
      {
        value: 'edges',
        label: 'Both edges',
        about: 'Its own size, unless an edge is too long or too short: Idefics2.',
      },
      {
        value: 'patches',
        label: 'Patches',
        about: 'As many patches as there may be: SigLIP 2 NaFlex.',
      },
      {
        value: 'area',
        label: 'Area',
        about: "About as many pixels as a square has: the whole beside LLaVA-UHD's slices.",
      },
    ],
  },
  patch: {
    kind: 'integer',
    label: 'Patch',
    help: 'Sides become multiples of this: the side of a patch, times that of the groups that are merged later.',
    default: 28,
    min: 1,
    max: 1024,
    unit: 'px',
  },
  leastPixels: {
    kind: 'integer',
    label: 'Pixels, least',
    help: 'A smaller picture is enlarged.',
    default: 3136,
    min: 1,
    max: 1_000_000_000,
    unit: 'px',
    shownWhen: { param: 'rule', is: ['pixels'] },
  },
  mostPixels: {
    kind: 'integer',
    label: 'Pixels, most',
    help: 'A larger picture is shrunk.',
    default: 1_003_520,
    min: 1,
    max: 1_000_000_000,
    unit: 'px',
    shownWhen: { param: 'rule', is: ['pixels'] },
  },
  longestEdge: {
    kind: 'integer',
    label: 'Longest edge',
    help: 'A picture with a longer edge is shrunk.',
    default: 1024,
    min: 1,
    max: 65_535,
    unit: 'px',
    shownWhen: { param: 'rule', is: ['longest-edge', 'edges'] },
  },
  shortestEdge: {
    kind: 'integer',
    label: 'Shortest edge',
    help: 'A shorter edge is stretched to this, even where the picture is squashed by that.',
    default: 378,
    min: 1,
    max: 65_535,
    unit: 'px',
    shownWhen: { param: 'rule', is: ['edges'] },
  },
  mostPatches: {
    kind: 'integer',
    label: 'Patches, most',
    help: 'Every picture is resized to as many as fit.',
    default: 256,
    min: 1,
    max: 65_536,
    shownWhen: { param: 'rule', is: ['patches'] },
  },
  areaSide: {
    ...areaSideParam,
    help: 'Every picture is resized to about as many pixels as a square of this side has.',
    shownWhen: { param: 'rule', is: ['area'] },
  },
  rounding: { ...roundingParam, shownWhen: { param: 'rule', is: ['area'] } },
  normalisation: normalisationParam,
  filter: filterParam,
} as const;

type ResolutionParams = ParamValues<typeof params>;

export const nativeResolution = defineNode({
  type: 'vision/native-resolution',
  version: 1,
  family: 'vision',
  title: 'Native resolution',
  about:
    'Keeps the proportions of a picture, and its size where the budget allows: sides are only rounded to whole patches. ' +
    'Nothing is cropped, padded or squashed, so letters keep their shape and a small picture costs few tokens. What looks ' +
    'at it must take grids of any shape, for instance by interpolated positions. A graph is built for pictures of one ' +
    'size, which is typed here; a picture of another size is refused when the graph runs, with the size to type.',
  references: [
    {
      title:
        "Qwen2-VL: Enhancing Vision-Language Model's Perception of the World at Any Resolution",
      url: 'https://arxiv.org/abs/2409.12191',
    },
    { title: 'Pixtral 12B', url: 'https://arxiv.org/abs/2410.07073' },
    { title: 'SigLIP 2', url: 'https://arxiv.org/abs/2502.14786' },
  ],
  params,
  inputs: { image: { kind: 'image', title: 'Image', several: true } },
  outputs: { pixels: { kind: 'pixels', title: 'Pixels' } },
  fromConfig: (files) => nativeResolutionFromConfig(files),
  infer({ params: values, inputs }) {
    const { pictureWidth: width, pictureHeight: height, leastPixels, mostPixels } = values;
    if (values.rule === 'pixels' && leastPixels > mostPixels) {
      const message = `No picture has ${leastPixels} pixels or more and ${mostPixels} or fewer; set the least to ${mostPixels} or fewer.`;
      return fail(error('param-invalid', message, { param: 'leastPixels' }));
    }
    const ratio = Math.max(width, height) / Math.min(width, height);
    if (values.rule === 'pixels' && ratio > longestRatio) {
      const message = `A picture of ${width} × ${height} pixels is longer than ${longestRatio} times its shorter side, which this rule does not take; cut it first.`;
      return fail(error('param-invalid', message, { param: 'pictureWidth' }));
    }
    const size = ruledSize({ width, height }, ruleOf(values));
    return ok({
      outputs: { pixels: { kind: 'pixels', ...size, ...picturesInAll(inputs.image) } },
    });
  },
  summary: ({ rule, normalisation }) =>
    `${params.rule.options.find(({ value }) => value === rule)?.label ?? rule} · ${normalisation}`,
  body: {
    kind: 'host',
    step: ({ params: values, outputs: { pixels } }) => ({
      kind: 'preprocess',
      recipe: {
        padToSquare: false,
        resizeTo: { height: pixels.height, width: pixels.width },
        crop: null,
        sizeRule: ruleOf(values),
        filter: values.filter,
        ...normalisations[values.normalisation],
      },
    }),
  },
});

function ruleOf(values: ResolutionParams): SizeRule {
  const { patch, rule } = values;
  switch (rule) {
    case 'pixels': {
      const { leastPixels, mostPixels } = values;
      return { rule, patch, leastPixels, mostPixels };
    }
    case 'longest-edge':
      return { rule, patch, longestEdge: values.longestEdge };
    case 'edges': {
      const { longestEdge, shortestEdge } = values;
      return { rule, patch, longestEdge, shortestEdge };
    }
    case 'patches':
      return { rule, patch, mostPatches: values.mostPatches };
    case 'area':
      return { rule, patch, areaSide: values.areaSide, rounding: values.rounding };
  }
}
