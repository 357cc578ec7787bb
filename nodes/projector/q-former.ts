/** BLIP-2's Q-Former, InstructBLIP's, which reads the instruction too, and LLaMA-VID's, whose queries ask once more. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { error, type Problem } from '#engine/contract/problem.ts';
import { flag, modelParam, withoutLabel } from '#engine/node/architecture-params.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { knownCount, type WireOf } from '#engine/node/wire.ts';
import { linear } from '#engine/onnx/blocks/linear.ts';
import { norm } from '#engine/onnx/blocks/norm.ts';
import { markLookedAt } from '#engine/onnx/blocks/patch-marks.ts';
import { askPicture, instructionProblem, joinedDims } from './q-former/q-former-body.ts';
import { qFormerFromConfig } from './q-former/q-former-config.ts';
import { qFormerLayouts } from './q-former/q-former-names.ts';
import { bertBase, qFormerParams, type HearingShape } from './q-former/q-former-params.ts';
import { headProblem, projectorWidths, widthParams } from '../tokens/widths.ts';

const asBlip2 = { normsPicture: false, projects: true } as const;

/** InstructBLIP's vocabulary has one token more than BERT's, which begins a text to be written. */
const published = {
  blip2: { label: 'BLIP-2', ...bertBase, vocabularySize: 30_522, ...asBlip2 },
  instructblip: { label: 'InstructBLIP', ...bertBase, vocabularySize: 30_523, ...asBlip2 },
  'llama-vid': {
    label: 'LLaMA-VID',
    ...bertBase,
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
  ...qFormerParams,
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

interface AskingShape extends HearingShape {
  readonly normsPicture: boolean;
  readonly projects: boolean;
}

const shapeOfPublished = (name: keyof typeof published): AskingShape =>
  withoutLabel(published[name]);

const shapeOf = (values: QFormerParams): AskingShape =>
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
    const shape = shapeOf(values);
    const { queryCount, hiddenSize, projects } = shape;
    const heads = headProblem(hiddenSize, shape.headCount);
    if (heads) return fail(heads);
    const unheard = deafProblem(values, instruction) ?? instructionProblem(instruction, shape);
    if (unheard) return fail(unheard);
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
  shows: [
    {
      kind: 'attended-patches',
      tap: 'attended',
      also: () => 'paid by the queries in their last look',
    },
  ],
  body: {
    kind: 'onnx',
    dims: ({ params: values, inputs: { instruction } }) => joinedDims(shapeOf(values), instruction),
    emit(g, inputs, { params: values, inputs: { tokens, instruction: wire }, outputs }) {
      const shape = shapeOf(values);
      const heard = wire ? { ids: inputs.instruction, wire } : null;
      const picture = shape.normsPicture
        ? norm(g, inputs.tokens, 'ln_vision', { kind: 'layer', epsilon: 1e-5 })
        : inputs.tokens;
      const answers = askPicture(g, picture, heard, shape); // [views, Q, D]
      g.tap('queries', answers);
      if (tokens.grid) {
        const [query, key] = [g.tapped('crossattention.query'), g.tapped('crossattention.key')];
        g.tapLater('attended', () =>
          markLookedAt(g, { query, key }, shape.headCount, tokens.prefixTokens),
        );
      }
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

/** Why a published model hears no instruction; null where it does, or there is none. */
function deafProblem(
  { model }: QFormerParams,
  instruction: WireOf<'token-ids'> | undefined,
): Problem | null {
  if (!instruction || model !== 'blip2') return null;
  const message =
    "BLIP-2's Q-Former was trained without instructions; choose InstructBLIP, or remove the wire.";
  return error('arrangement-unsupported', message, { port: 'instruction' });
}
