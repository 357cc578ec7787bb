/** BLIP-2's Q-Former, InstructBLIP's, which reads the instruction too, and LLaMA-VID's, whose queries ask once more. */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import {
  choice,
  decimal,
  flag,
  modelParam,
  option,
  size,
} from '#engine/node/architecture-params.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { knownCount, type WireOf } from '#engine/node/wire.ts';
import { embedIds } from '#engine/onnx/blocks/embedding.ts';
import { activations } from '#engine/onnx/blocks/feed-forward.ts';
import { linear } from '#engine/onnx/blocks/linear.ts';
import { norm, type Norm } from '#engine/onnx/blocks/norm.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { add } from '#engine/onnx/operators.ts';
import { lengthOf, repeatAs, slice, unsqueeze } from '#engine/onnx/shape-operators.ts';
import type { Dim, Value } from '#engine/onnx/value.ts';
import { qFormerFromConfig } from './q-former-config.ts';
import { qFormerLayers, type QFormerShape } from './q-former-layers.ts';
import { qFormerLayouts } from './q-former-names.ts';
import { projectorWidths, widthParams } from './widths.ts';

const base = {
  queryCount: 32,
  hiddenSize: 768,
  layerCount: 12,
  headCount: 12,
  feedForwardSize: 3072,
  lookEvery: 2,
  positionCount: 512,
  activation: 'gelu',
  normEpsilon: 1e-12,
  normsPicture: false,
  projects: true,
} as const;

/** InstructBLIP's vocabulary has one token more than BERT's, which begins a text to be written. */
const published = {
  blip2: { label: 'BLIP-2', ...base, vocabularySize: 30_522 },
  instructblip: { label: 'InstructBLIP', ...base, vocabularySize: 30_523 },
  'llama-vid': {
    label: 'LLaMA-VID',
    ...base,
    vocabularySize: 30_523,
    normsPicture: true,
    projects: false,
  },
} as const;

const publishedNames = Object.keys(published) as (keyof typeof published)[];

const params = {
  model: modelParam(published, 'blip2'),
  inputWidth: widthParams.inputWidth,
  outputWidth: {
    ...widthParams.outputWidth,
    shownWhen: { param: 'model', is: ['blip2', 'instructblip', 'custom'] },
  },
  queryCount: size('Queries', 'Learned questions; so many visual tokens come out.', 32, 65_536),
  hiddenSize: size('Hidden size', 'Channels of a query.', 768, 65_536),
  layerCount: size('Layers', 'Transformer blocks.', 12, 512),
  headCount: size('Heads', 'Heads of attention.', 12, 1024),
  feedForwardSize: size('Feed-forward size', 'Channels inside the feed-forward.', 3072, 262_144),
  lookEvery: size(
    'Look every',
    'Queries look at the picture in the first layer and in each that is so many layers further on.',
    2,
    512,
  ),
  vocabularySize: size('Vocabulary', 'Tokens of an instruction that are known.', 30_522, 1_000_000),
  positionCount: size('Positions', 'Most tokens of an instruction.', 512, 1_048_576),
  activation: choice(
    'Activation',
    'Non-linearity of the feed-forward.',
    'gelu',
    activations.map((name) => option(name)),
  ),
  normEpsilon: decimal('Norm epsilon', 'Added to the variance.', 1e-12, 1e-12, 1),
  normsPicture: flag(
    'Norm of the picture',
    'Visual tokens are normed before they are looked at.',
    false,
  ),
  projects: flag(
    'Projection',
    'A linear to the width of what follows; off, the queries leave as they are.',
    true,
  ),
  ...weightParams,
} as const;

type QFormerParams = ParamValues<typeof params>;

interface TextShape extends QFormerShape {
  readonly vocabularySize: number;
  readonly positionCount: number;
  readonly normsPicture: boolean;
  readonly projects: boolean;
}

const shapeOfPublished = (name: keyof typeof published): TextShape => {
  const { label: _, ...shape } = published[name];
  return shape;
};

const shapeOf = (values: QFormerParams): TextShape =>
  values.model === 'custom' ? values : shapeOfPublished(values.model);

export const qFormer = defineNode({
  type: 'projector/q-former',
  version: 1,
  family: 'projector',
  title: 'Q-Former',
  about:
    'A small BERT with a few learned queries, which ask the picture what it shows and are then given to the language ' +
    'model in place of the patches: always so many tokens, however large the picture. Where an instruction is wired ' +
    '(InstructBLIP), the queries hear it before they look, and bring what it asks for: the same picture gives other ' +
    'tokens for another question.',
  references: [
    {
      title:
        'BLIP-2: Bootstrapping Language-Image Pre-training with Frozen Image Encoders and LLMs',
      url: 'https://arxiv.org/abs/2301.12597',
    },
    {
      title: 'InstructBLIP: Towards General-purpose Vision-Language Models with Instruction Tuning',
      url: 'https://arxiv.org/abs/2305.06500',
    },
    {
      title: 'LLaMA-VID: An Image is Worth 2 Tokens in Large Language Models',
      url: 'https://arxiv.org/abs/2311.17043',
    },
  ],
  params,
  inputs: {
    tokens: { kind: 'tokens', title: 'Visual tokens' },
    instruction: { kind: 'token-ids', title: 'Instruction', optional: true },
  },
  outputs: { tokens: { kind: 'tokens', title: 'Query tokens' } },
  fromConfig: (files) =>
    qFormerFromConfig(files, publishedNames, (name) => ({ ...shapeOfPublished(name) })),
  keyLayouts: () => qFormerLayouts,
  demand: ({ params: values }) => ({
    tokens: { channels: values.inputWidth ?? undefined },
    instruction: { vocabularySize: shapeOf(values).vocabularySize },
  }),
  infer({ id, params: values, inputs: { tokens, instruction }, demands }) {
    const { queryCount, hiddenSize, headCount, projects } = shapeOf(values);
    if (hiddenSize % headCount !== 0) {
      const message = `${hiddenSize} channels do not divide into ${headCount} heads; choose a number of heads that divides them.`;
      return fail(error('arrangement-unsupported', message, { param: 'headCount' }));
    }
    const heard = instructionProblem(values, instruction);
    if (!heard.ok) return heard;
    const widths = projects
      ? projectorWidths(id, values, tokens, demands.tokens)
      : projectorWidths(id, { ...values, outputWidth: hiddenSize }, tokens, undefined);
    if (!widths.ok) return widths;
    const count = knownCount(queryCount);
    const channels = widths.value.output;
    return ok({
      outputs: { tokens: { ...tokens, count, channels, prefixTokens: 0, grid: null } },
    });
  },
  layers: (values) => shapeOf(values).layerCount,
  summary: (values) => {
    const { queryCount } = shapeOf(values);
    const label = values.model === 'custom' ? 'custom' : published[values.model].label;
    return `${label} · ${queryCount === 1 ? '1 query' : `${queryCount} queries`}`;
  },
  body: {
    kind: 'onnx',
    dims: ({ params: values, inputs: { instruction } }) => ({
      [joinedSymbol]: shapeOf(values).queryCount + (instruction?.count.tokens ?? 0),
    }),
    emit(g, inputs, { params: values, inputs: wires, outputs }) {
      const shape = shapeOf(values);
      const kind: Norm = { kind: 'layer', epsilon: shape.normEpsilon };
      // Queries and text are normed alike and are the same for all views.
      const forViews = (x: Value) =>
        repeatAs(g, norm(g, x, 'qformer.layernorm', kind), 0, inputs.tokens, 0);
      const learned = [1, shape.queryCount, shape.hiddenSize];
      const queries = g.weight(g.tensor('query_tokens', learned, 'embedding'));
      const text = wires.instruction && embedText(g, inputs.instruction, shape);
      const state = { queries: forViews(queries), text: text ? forViews(text) : null };
      const joined = joinedCount(shape, wires.instruction);
      const picture = shape.normsPicture
        ? norm(g, inputs.tokens, 'ln_vision', { kind: 'layer', epsilon: 1e-5 })
        : inputs.tokens;
      const answers = qFormerLayers(g, state, picture, shape, joined); // [views, Q, D]
      g.tap('queries', answers);
      if (!shape.projects) return { tokens: answers };
      const widths = {
        inputs: shape.hiddenSize,
        outputs: outputs.tokens.channels,
        bias: true,
      };
      return { tokens: linear(g, answers, 'language_projection', widths) };
    },
  },
});

/** Why an instruction cannot be read, if there is one. */
function instructionProblem(
  values: QFormerParams,
  instruction: WireOf<'token-ids'> | undefined,
): Outcome<null> {
  if (!instruction) return ok(null);
  const at = { port: 'instruction' };
  if (values.model === 'blip2') {
    const message =
      "BLIP-2's Q-Former was trained without instructions; choose InstructBLIP, or remove the wire.";
    return fail(error('arrangement-unsupported', message, at));
  }
  const { positionCount } = shapeOf(values);
  if (instruction.count.most > positionCount) {
    const message = `The instruction may have ${instruction.count.most} tokens, the Q-Former has positions for ${positionCount}; let the tokeniser give at most ${positionCount}.`;
    return fail(error('dimension-mismatch', message, at));
  }
  return ok(null);
}

const joinedSymbol = 'joinedCount';

function joinedCount(
  { queryCount }: QFormerShape,
  instruction: WireOf<'token-ids'> | undefined,
): Dim {
  if (!instruction) return queryCount;
  const { known, tokens } = instruction.count;
  return known ? queryCount + tokens : joinedSymbol;
}

/** ids [1, T] → words and their places [1, T, D] */
function embedText(g: GraphBuilder, ids: Value, shape: TextShape): Value {
  const { vocabularySize, hiddenSize, positionCount } = shape;
  const name = (part: string) => `qformer.embeddings.${part}_embeddings.weight`;
  const words = embedIds(g, ids, { vocabularySize, hiddenSize, embedding: name('word') });
  const table = g.weight(g.tensor(name('position'), [positionCount, hiddenSize], 'embedding'));
  const count = unsqueeze(g, lengthOf(g, ids, 1), 0);
  return add(g, words, slice(g, table, 0, g.list(0), count, ids.shape[1] as Dim));
}
