/** LLaMA-VID: a frame as one token of what the question asks for, and one or a few of what there is to see. */
import { z } from 'zod';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import type { ConfigFiles } from '#engine/contract/config-files.ts';
import { error } from '#engine/contract/problem.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import type { TakenConfig } from '#engine/node/taken-config.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { knownCount, type Grid, type WireOf } from '#engine/node/wire.ts';
import { attend } from '#engine/onnx/blocks/attention.ts';
import { dropPrefix, mapToTokens, tokensToMap } from '#engine/onnx/blocks/feature-map.ts';
import { plainFeedForwardWith } from '#engine/onnx/blocks/feed-forward.ts';
import { linear, linearWeights } from '#engine/onnx/blocks/linear.ts';
import { markLookedAt } from '#engine/onnx/blocks/patch-marks.ts';
import { averagePool } from '#engine/onnx/blocks/pooling.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { mean } from '#engine/onnx/operators.ts';
import { concatenate } from '#engine/onnx/shape-operators.ts';
import { fixedDim, type Value } from '#engine/onnx/value.ts';
import type { KeyLayout } from '#engine/onnx/weight.ts';
import { configFile, foreign, readFigures, unsupported } from '../config/published-config.ts';
import { samePictures, viewsPhrase } from '../tokens/other-pictures.ts';
import { describeWidths, projectorWidths, widthParams } from '../tokens/widths.ts';
import { gridOf } from '../tokens/grid.ts';

const params = {
  ...widthParams,
  content: {
    kind: 'choice',
    label: 'Content',
    help: 'The tokens that tell what there is to see, whatever is asked.',
    default: 'mean',
    options: [
      { value: 'mean', label: 'Mean', about: 'One token a frame, for long clips.' },
      { value: 'grid', label: 'Grid', about: 'The mean of each square of a grid.' },
      { value: 'all', label: 'All patches', about: 'As a picture by itself is given.' },
    ],
  },
  side: {
    kind: 'integer',
    label: 'Grid side',
    help: 'Squares along one side. Where it does not divide the patches, squares stay whole ones: there may be more of them, or a rest is dropped.',
    default: 2,
    min: 2,
    max: 64,
    shownWhen: { param: 'content', is: ['grid'] },
  },
  ...weightParams,
} as const;

type Values = ParamValues<typeof params>;

const own = /^(vlm_att_projector|vlm_att_key_projector|vlm_att_val_projector|mm_projector)\./;

const layouts: readonly KeyLayout[] = ['model.', ''].map((prefix) => ({
  title: prefix === '' ? 'projections alone' : 'LLaMA-VID',
  key: (name) => prefix + name,
  owns: (key) => key.startsWith(prefix) && own.test(key.slice(prefix.length)),
}));

export const llamaVid = defineNode({
  type: 'compression/llama-vid',
  version: 1,
  family: 'compression',
  title: 'LLaMA-VID tokens',
  about:
    'An hour of film has too many frames for any prompt, unless a frame is two tokens. The context token is what the ' +
    'question is after: the queries of a Q-Former that has heard it look for it among the patches. The content token is ' +
    'the mean of all patches, or a few means of a grid. Both come out as the language model reads them, the context first; ' +
    'the price is the Q-Former, which runs for every frame.',
  references: [
    {
      title: 'LLaMA-VID: An Image is Worth 2 Tokens in Large Language Models',
      url: 'https://arxiv.org/abs/2311.17043',
    },
  ],
  params,
  inputs: {
    tokens: { kind: 'tokens', title: 'Visual tokens' },
    queries: { kind: 'tokens', title: 'Queries that have heard the question' },
  },
  outputs: { tokens: { kind: 'tokens', title: 'Context and content' } },
  fromConfig: llamaVidFromConfig,
  keyLayouts: () => layouts,
  demand: ({ params: { inputWidth } }) => ({ tokens: { channels: inputWidth ?? undefined } }),
  infer({ id, params: values, inputs: { tokens, queries }, demands }) {
    const widths = projectorWidths(id, values, tokens, demands.tokens);
    if (!widths.ok) return widths;
    const asked = queriesProblem(tokens, queries);
    if (!asked.ok) return asked;
    const content = contentOf(values, tokens);
    if (!content.ok) return content;
    const wire = { ...tokens, channels: widths.value.output, prefixTokens: 0, grid: null };
    return ok({
      outputs: { tokens: { ...wire, count: knownCount(1 + content.value.count) } },
      found: content.value,
    });
  },
  summary: ({ content, side }) =>
    ({ mean: '2 tokens', grid: `context and ${side} × ${side}`, all: 'context and all patches' })[
      content
    ],
  shows: [{ kind: 'attended-patches', tap: 'attended', also: () => 'paid by the text' }],
  body: {
    kind: 'onnx',
    emit(g, inputs, { params: { content }, inputs: wires, outputs, found }) {
      const patches = dropPrefix(g, inputs.tokens, wires.tokens.prefixTokens); // [views, N, D]
      const { channels, count } = outputs.tokens;
      const context = g.scope('context', () => lookFor(g, inputs.queries, patches, channels));
      const seen = content === 'all' ? patches : pool(g, patches, found);
      const layer = (index: number, width: number) =>
        linearWeights(g, `mm_projector.${index}`, { inputs: width, outputs: channels, bias: true });
      const layers = { up: layer(0, fixedDim(patches, 2)), down: layer(2, channels) };
      const projected = g.scope('mm_projector', () =>
        plainFeedForwardWith(g, seen, layers, 'gelu'),
      );
      return { tokens: concatenate(g, [context, projected], 1, count.tokens) };
    },
  },
});

/** What the squares of the content are; null for one of the whole. */
export interface Content {
  readonly count: number;
  readonly squares: { readonly grid: Grid; readonly kernel: number } | null;
}

function contentOf({ content, side }: Values, tokens: WireOf<'tokens'>): Outcome<Content> {
  if (!tokens.count.known) {
    const message =
      'How many tokens come in is decided by the picture; wire the encoder before anything that selects tokens.';
    return fail(error('arrangement-unsupported', message, { port: 'tokens' }));
  }
  const patches = tokens.count.tokens - tokens.prefixTokens;
  if (content !== 'grid') return ok({ count: content === 'mean' ? 1 : patches, squares: null });
  const grid = gridOf('A grid of means', tokens);
  if (!grid.ok) return grid;
  const { rows, columns } = grid.value;
  const kernel = Math.floor(Math.min(rows, columns) / side);
  if (kernel === 0) {
    const message = `${side} × ${side} squares do not fit the ${rows} × ${columns} grid; choose fewer.`;
    return fail(error('dimension-mismatch', message, { param: 'side' }));
  }
  const count = Math.floor(rows / kernel) * Math.floor(columns / kernel);
  return ok({ count, squares: { grid: grid.value, kernel } });
}

/** Why the queries cannot be asked of these tokens, if there is a reason. */
function queriesProblem(tokens: WireOf<'tokens'>, queries: WireOf<'tokens'>): Outcome<null> {
  if (samePictures(tokens, queries)) return ok(null);
  const message = `The queries are of ${viewsPhrase(queries)}, the tokens of ${viewsPhrase(tokens)}; give the Q-Former the tokens of the same frames.`;
  return fail(error('dimension-mismatch', message, { port: 'queries' }));
}

/**
 * The mean of what all queries find; values are the patches themselves. [views, Q, W], [views, N, D] → [views, 1, H]
 * Source: dvlab-research/LLaMA-VID, llamavid_arch.py (token_generation).
 */
function lookFor(g: GraphBuilder, queries: Value, patches: Value, outputs: number): Value {
  const width = fixedDim(patches, 2);
  const project = (x: Value, name: string, to: number) =>
    linear(g, x, name, { inputs: fixedDim(x, 2), outputs: to, bias: true });
  const query = project(queries, 'vlm_att_projector', width);
  const key = project(patches, 'vlm_att_key_projector', width);
  g.tapLater('attended', () => markLookedAt(g, { query, key }, 1, 0));
  const found = attend(g, { query, key, value: patches }, { headCount: 1 }); // [views, Q, D]
  return project(mean(g, found, 1, true), 'vlm_att_val_projector', outputs);
}

/** [views, N, D] → [views, squares, D] */
function pool(g: GraphBuilder, patches: Value, { squares }: Content): Value {
  if (!squares) return mean(g, patches, 1, true);
  const map = tokensToMap(g, patches, squares.grid);
  return mapToTokens(g, averagePool(g, map, { kernel: squares.kernel }));
}

const schema = z.object({
  mm_hidden_size: z.int().optional(),
  hidden_size: z.int().optional(),
  mm_projector_type: z.string().optional(),
  bert_type: z.string().optional(),
  compress_type: z.string().nullish(),
});

function llamaVidFromConfig(files: ConfigFiles): Outcome<TakenConfig> {
  const file = configFile(files, 'config.json');
  if (!file.ok) return file;
  const read = readFigures(schema, file.value, 'config.json');
  if (!read.ok) return read;
  const config = read.value;
  if (config.bert_type === undefined)
    return foreign('config.json describes no context token; "bert_type" is not in it.');
  if (config.mm_projector_type !== 'mlp2x_gelu')
    return unsupported(`The projector "${config.mm_projector_type ?? 'linear'}"`);
  const side = /^grid:(\d+)$/.exec(config.compress_type ?? '')?.[1];
  const whole = config.compress_type === 'mean' ? 'mean' : 'all';
  const widths = {
    inputWidth: config.mm_hidden_size ?? null,
    outputWidth: config.hidden_size ?? null,
  };
  const content = side === undefined ? { content: whole } : { content: 'grid', side: Number(side) };
  return ok({
    params: { ...widths, ...content },
    took: ["LLaMA-VID's tokens", describeWidths(widths)],
    file: 'config.json',
  });
}
