/** MADTP: inside an encoder, the picture itself decides how many patches stay, by slots that picture and text share. */
import { ok } from '#engine/contract/outcome.ts';
import { defineNode, type PartContext } from '#engine/node/node-definition.ts';
import type { InsideBlockPart } from '#engine/node/part.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { cutBehind } from '#engine/onnx/blocks/feature-map.ts';
import { linear, linearWith } from '#engine/onnx/blocks/linear.ts';
import { markKept } from '#engine/onnx/blocks/patch-marks.ts';
import { pruneByImportance, type PrunedTokens } from '#engine/onnx/blocks/token-pruning.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { range } from '#engine/onnx/operators.ts';
import { fixedDim, type Value } from '#engine/onnx/value.ts';
import type { KeyLayout } from '#engine/onnx/weight.ts';

/** A guess that leaves about half of the work of twelve blocks, as the paper's main results do. */
const expectedShare = 0.9;

const params = {
  slots: {
    kind: 'integer',
    label: 'Slots',
    help: 'Learned vectors that patches and words are both compared with.',
    default: 100,
    min: 1,
    max: 16_384,
  },
  slotWidth: {
    kind: 'integer',
    label: 'Slot width',
    help: 'Channels of a slot, to which a linear brings the patches. 0: as many as the patches have, which are compared as they are.',
    default: 0,
    min: 0,
    max: 65_536,
  },
  temperature: {
    kind: 'number',
    label: 'Temperature',
    help: 'How evenly the patches of a slot count for its threshold; training moves it until the wanted part of the work is left.',
    default: 1,
    min: 0.001,
    max: 1000,
  },
  weights: weightParams.weights,
} as const;

const map = 'img_query_model.q_map.0';

const layouts: readonly KeyLayout[] = [
  {
    title: 'MADTP',
    key: (name) => (name === 'space_dict' ? name : `visual_encoder.${name}`),
    owns: (key) => key === 'space_dict' || key.startsWith(`visual_encoder.${map}.`),
  },
  {
    title: 'slots alone',
    key: (name) => name,
    owns: (key) => key === 'space_dict' || key.startsWith(`${map}.`),
  },
];

export const madtp = defineNode({
  type: 'compression/madtp',
  version: 1,
  family: 'compression',
  title: 'MADTP',
  about:
    'In every block of the encoder a patch is judged three times: by how much other patches look at it, by how much the ' +
    'class token does, and by how well it fits one of a set of learned slots, in which pictures and texts were taught to ' +
    'meet. Patches above a threshold stay, the others become one token. A plain picture loses many, a rich one few. The ' +
    'slots have to be trained; with random ones the choice means little. One picture at a time, and no quicker where few go: ' +
    'the scores are computed once more.',
  references: [
    {
      title:
        'MADTP: Multimodal Alignment-Guided Dynamic Token Pruning for Accelerating Vision-Language Transformer',
      url: 'https://arxiv.org/abs/2403.02991',
    },
  ],
  params,
  inputs: {},
  outputs: { part: { kind: 'encoder-part', title: 'Encoder part' } },
  keyLayouts: () => layouts,
  infer: () =>
    ok({
      outputs: {
        part: { kind: 'encoder-part', acts: { at: 'by-picture', keptShare: expectedShare } },
      },
    }),
  summary: ({ slots, temperature }) => `${slots} slots · temperature ${temperature}`,
  shows: [{ kind: 'kept-patches', tap: 'marks', also: () => 'the others merged into one' }],
  body: {
    kind: 'part',
    part: (context) => ({ kind: 'inside-block', begin: beginPass(context) }),
  },
});

/** Taps `kept` [N − prefix] int64: the patch that each token is, −1 for one that stands for several. */
const beginPass =
  ({ params: values, withWeights }: PartContext<typeof params>): InsideBlockPart['begin'] =>
  (g, { tokens, prefixTokens, headCount }) => {
    const patches = fixedDim(tokens, 1) - prefixTokens;
    let places = range(g, g.scalar('int64', 0), g.scalar('int64', patches), patches);
    return {
      keyBias: () => null,
      reduce: (block) => (x, seen) =>
        g.scope('prune', () => {
          const before = cutBehind(g, seen.before, 1, prefixTokens); // [1, P, D]
          const slots = withWeights(g, () => compareWithSlots(g, before, values));
          const pruned: PrunedTokens = pruneByImportance(
            g,
            { tokens: x, places },
            seen,
            slots,
            values.temperature,
            { prefixTokens, headCount, block },
          );
          places = g.tap('kept', pruned.places);
          g.tapLater('marks', () => markKept(g, patches, pruned.places));
          return pruned.tokens;
        }),
    };
  };

/** The products of patches and slots, as they are. [1, P, D] → [1, P, slots] */
function compareWithSlots(
  g: GraphBuilder,
  patches: Value,
  { slots, slotWidth }: ParamValues<typeof params>,
): Value {
  const channels = fixedDim(patches, 2);
  const width = slotWidth === 0 ? channels : slotWidth;
  const mapped =
    slotWidth === 0
      ? patches
      : linear(g, patches, map, { inputs: channels, outputs: width, bias: true });
  const weight = g.tensor('space_dict', [slots, width], 'matrix');
  return linearWith(g, mapped, { weight, bias: null }, 'slots');
}
