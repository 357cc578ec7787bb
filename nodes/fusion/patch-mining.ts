/** Mini-Gemini's patch info mining: each token of a small picture looks for detail in its own cell of a large one. */
import { z } from 'zod';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { knownCount, type Grid, type WireOf } from '#engine/node/wire.ts';
import { attend } from '#engine/onnx/blocks/attention.ts';
import { dropPrefix } from '#engine/onnx/blocks/feature-map.ts';
import { linear } from '#engine/onnx/blocks/linear.ts';
import { norm } from '#engine/onnx/blocks/norm.ts';
import { cutWindows } from '#engine/onnx/blocks/windows.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { add } from '#engine/onnx/operators.ts';
import { reshape } from '#engine/onnx/shape-operators.ts';
import { fixedDim, multiplyDims, type Dim, type Value } from '#engine/onnx/value.ts';
import type { KeyLayout } from '#engine/onnx/weight.ts';
import { samePictures, viewsPhrase } from '../tokens/other-pictures.ts';
import { gridOf } from '../tokens/grid.ts';
import { configFile, foreign, readFigures } from '../config/published-config.ts';

const own = /^vlm_uni_(query|aux|val)_projector\./;

const named = (title: string, prefix: string): KeyLayout => ({
  title,
  key: (name) => prefix + name,
  owns: (key) => key.startsWith(prefix) && own.test(key.slice(prefix.length)),
});

const layouts: readonly KeyLayout[] = [named('Mini-Gemini', 'model.'), named('mining alone', '')];

const schema = z.object({
  mm_hidden_size: z.int().optional(),
  mm_hidden_size_aux: z.int().optional(),
});

export const patchMining = defineNode({
  type: 'fusion/patch-mining',
  version: 1,
  family: 'fusion',
  title: 'Patch mining',
  about:
    'A picture seen at two sizes: the small one gives a few tokens that know what they show, the large one many that know ' +
    'how it looks. Each token of the small picture asks only the tokens of its own square of the large one, and adds what ' +
    'it finds. The language model reads as few tokens as before; the price is the second encoder and the large picture.',
  references: [
    {
      title: 'Mini-Gemini: Mining the Potential of Multi-modality Vision Language Models',
      url: 'https://arxiv.org/abs/2403.18814',
    },
  ],
  params: weightParams,
  inputs: {
    tokens: { kind: 'tokens', title: 'Tokens of the small picture' },
    detail: { kind: 'tokens', title: 'Tokens of the large picture' },
  },
  outputs: { tokens: { kind: 'tokens', title: 'Tokens with detail' } },
  fromConfig(files) {
    const file = configFile(files, 'config.json');
    if (!file.ok) return file;
    const config = readFigures(schema, file.value, 'config.json');
    if (!config.ok) return config;
    const { mm_hidden_size: width, mm_hidden_size_aux: detail } = config.value;
    if (detail === undefined)
      return foreign('config.json describes no second encoder to look for detail in.');
    const took = [`Mini-Gemini's mining`, `${width ?? 'any'} and ${detail} channels`];
    return ok({ params: {}, took, file: 'config.json' });
  },
  keyLayouts: () => layouts,
  demand: ({ demands }) => ({ tokens: demands.tokens }),
  infer({ inputs: { tokens, detail } }) {
    const cells = cellsOf(tokens, detail);
    if (!cells.ok) return cells;
    const count = knownCount(tokens.count.tokens - tokens.prefixTokens);
    return ok({
      outputs: { tokens: { ...tokens, count, prefixTokens: 0 } },
      found: cells.value,
    });
  },
  summary: () => 'each patch in its own square',
  body: {
    kind: 'onnx',
    emit(g, inputs, { inputs: wires, found }) {
      const patches = dropPrefix(g, inputs.tokens, wires.tokens.prefixTokens); // [views, N, D]
      const detail = dropPrefix(g, inputs.detail, wires.detail.prefixTokens); // [views, N · side², E]
      const mined = mine(g, patches, detail, found);
      g.tap('mined', mined);
      return { tokens: add(g, patches, mined) };
    },
  },
});

export interface Cells {
  /** Of the large picture. */
  readonly grid: Grid;
  /** Its tokens along one side of a square. */
  readonly side: number;
}

/** The squares that tokens look into, or why there are none. */
function cellsOf(tokens: WireOf<'tokens'>, detail: WireOf<'tokens'>): Outcome<Cells> {
  const small = gridOf('Patch mining', tokens);
  if (!small.ok) return small;
  const large = detail.grid;
  const at = { port: 'detail' };
  if (!large) {
    const message =
      'The detail must lie on a grid; wire it before anything that selects or merges tokens.';
    return fail(error('arrangement-unsupported', message, at));
  }
  if (!samePictures(tokens, detail)) {
    const message = `The tokens are of ${viewsPhrase(tokens)}, the detail is of ${viewsPhrase(detail)}; cut the detail into as many tiles as the picture has, or give both the same pictures.`;
    return fail(error('dimension-mismatch', message, at));
  }
  const side = large.rows / small.value.rows;
  if (!Number.isInteger(side) || side !== large.columns / small.value.columns) {
    const text = ({ rows, columns }: Grid) => `${rows} × ${columns}`;
    const message = `The detail's ${text(large)} grid does not divide into a square for each of the ${text(small.value)} tokens; choose picture sizes of which one is a whole multiple of the other.`;
    return fail(error('dimension-mismatch', message, at));
  }
  return ok({ grid: large, side });
}

/**
 * What each token finds in its square, by one head over the whole width. [B, N, D], [B, N · side², E] → [B, N, D]
 * Source: dvlab-research/MGM, mgm_arch.py (unified_resampler).
 */
function mine(g: GraphBuilder, patches: Value, detail: Value, { grid, side }: Cells): Value {
  const [batch, count] = patches.shape as [Dim, number];
  const width = fixedDim(patches, 2);
  const project = (x: Value, part: string): Value => {
    const name = `vlm_uni_${part}_projector`;
    const normed = norm(g, x, `${name}.0`, { kind: 'layer', epsilon: 1e-5 });
    return linear(g, normed, `${name}.1`, {
      inputs: fixedDim(x, 2),
      outputs: width,
      bias: true,
    });
  };
  const squares = (x: Value): Value => {
    const map = reshape(g, x, [x.shape[0] as Dim, grid.rows, grid.columns, width]);
    return cutWindows(g, map, { window: side, shift: 0 }); // [B · N, side², D]
  };
  const rows = multiplyDims(count, batch);
  const query = reshape(g, project(patches, 'query'), [rows, 1, width]);
  const key = squares(project(detail, 'aux'));
  const value = squares(project(detail, 'val'));
  const found = attend(g, { query, key, value }, { headCount: 1 }); // [B · N, 1, D]
  return reshape(g, found, [batch, count, width]);
}
