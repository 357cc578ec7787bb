/** BRAVE's MEQ-Former: one Q-Former over the tokens of several encoders, one behind the other. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { modelParam, size } from '#engine/node/architecture-params.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { knownCount, type WireOf } from '#engine/node/wire.ts';
import { linear } from '#engine/onnx/blocks/linear.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { concatenate } from '#engine/onnx/shape-operators.ts';
import type { Value } from '#engine/onnx/value.ts';
import { otherPictures } from '../tokens/other-pictures.ts';
import { prefixedLayout } from './names/prefixed-layout.ts';
import { askPicture, instructionProblem, joinedDims } from './q-former/q-former-body.ts';
import { bertBase, qFormerParams, type HearingShape } from './q-former/q-former-params.ts';
import { headProblem, projectorWidths, widthParams } from '../tokens/widths.ts';

interface MeqFormerShape extends HearingShape {
  /** Channels to which the tokens of each encoder are brought. */
  readonly joinWidth: number;
}

/** 32 queries for each of five encoders. */
const published = {
  brave: {
    label: 'BRAVE',
    ...bertBase,
    queryCount: 160,
    vocabularySize: 30_522,
    joinWidth: 1408,
  },
} as const;

const params = {
  model: modelParam(published, 'brave'),
  outputWidth: widthParams.outputWidth,
  joinWidth: size(
    'Join width',
    'Channels to which the tokens of each encoder are brought.',
    1408,
    65_536,
  ),
  ...qFormerParams,
  queryCount: size('Queries', 'Learned questions; so many visual tokens come out.', 160, 65_536),
  ...weightParams,
} as const;

/** Text and queries share each feed-forward: with two, the paper's 116 million parameters would be 170. */
const shapeOf = (values: ParamValues<typeof params>): MeqFormerShape => ({
  ...(values.model === 'custom' ? values : published[values.model]),
  sharesFeedForward: true,
});

export const meqFormer = defineNode({
  type: 'projector/meq-former',
  version: 1,
  family: 'projector',
  title: 'MEQ-Former',
  about:
    'A Q-Former that looks through several encoders at once: the tokens of each go through a linear map of their own and ' +
    'are laid one behind the other, so that encoders may differ in grid and width, and 160 queries ask all of them what ' +
    'the picture shows. What one encoder is blind to another sees, and the language model reads no more tokens for it; ' +
    'the encoders themselves are what it costs. An instruction, where wired, is heard before the queries look.',
  references: [
    {
      title: 'BRAVE: Broadening the visual encoding of vision-language models',
      url: 'https://arxiv.org/abs/2404.07204',
    },
  ],
  params,
  inputs: {
    tokens: { kind: 'tokens', title: 'Visual tokens', several: true },
    instruction: { kind: 'token-ids', title: 'Instruction', optional: true },
  },
  outputs: { tokens: { kind: 'tokens', title: 'Query tokens' } },
  keyLayouts: () => [prefixedLayout('MEQ-Former alone', '')],
  demand: ({ params: values }) => ({
    instruction: { vocabularySize: shapeOf(values).vocabularySize },
  }),
  infer({ id, params: values, inputs: { tokens, instruction }, demands }) {
    const shape = shapeOf(values);
    const [first] = tokens as readonly [WireOf<'tokens'>];
    const problem =
      headProblem(shape.hiddenSize, shape.headCount) ?? instructionProblem(instruction, shape);
    if (problem) return fail(problem);
    for (const [index, wire] of tokens.entries()) {
      const other = otherPictures(first, wire, index + 1);
      if (other) return fail(other);
    }
    const { outputWidth } = values;
    const widths = projectorWidths(id, { inputWidth: null, outputWidth }, first, demands.tokens);
    if (!widths.ok) return widths;
    const count = knownCount(shape.queryCount);
    const channels = widths.value.output;
    return ok({ outputs: { tokens: { ...first, count, channels, prefixTokens: 0, grid: null } } });
  },
  layers: (values) => shapeOf(values).layerCount,
  summary: (values) => {
    const label = values.model === 'custom' ? 'custom' : published[values.model].label;
    return `${label} · ${shapeOf(values).queryCount} queries`;
  },
  body: {
    kind: 'onnx',
    dims: ({ params: values, inputs: { tokens, instruction } }) => ({
      ...joinedDims(shapeOf(values), instruction),
      [seenTokens]: tokens.reduce((sum, { count }) => sum + count.tokens, 0),
    }),
    emit(g, inputs, { params: values, inputs: wires, outputs }) {
      const shape = shapeOf(values);
      const parts = wires.tokens.flatMap((_, index) => inputs[`tokens.${index}`] ?? []);
      const seen = joinEncoders(g, parts, wires.tokens, shape); // [views, ΣN, join width]
      const wire = wires.instruction;
      const heard = wire ? { ids: inputs.instruction, wire } : null;
      const answers = askPicture(g, seen, heard, shape); // [views, Q, D]
      const widths = {
        inputs: shape.hiddenSize,
        outputs: outputs.tokens.channels,
        bias: true,
      };
      return { tokens: linear(g, answers, 'language_projection', widths) };
    },
  },
});

/** Tokens of all encoders, where the picture decides how many there are. */
const seenTokens = 'seen';

/** Each [views, N, Dv] by its own map, one behind the other. → [views, ΣN, join width] */
function joinEncoders(
  g: GraphBuilder,
  parts: readonly Value[],
  wires: readonly WireOf<'tokens'>[],
  { joinWidth }: MeqFormerShape,
): Value {
  const mapped = parts.map((part, index) => {
    const inputs = wires[index]?.channels ?? 0;
    const widths = { inputs, outputs: joinWidth, bias: true };
    return linear(g, part, `encoder_projections.${index}`, widths);
  });
  const isKnown = wires.every(({ count }) => count.known);
  const count = wires.reduce((sum, wire) => sum + wire.count.tokens, 0);
  return concatenate(g, mapped, 1, isKnown ? count : seenTokens);
}
