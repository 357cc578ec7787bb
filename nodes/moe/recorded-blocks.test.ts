/**
 * Experts of whole recorded models: what a reference's layer makes of its input, of which attention is written out here
 * number by number and the experts run on ONNX Runtime as their config.json says.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JsonObject } from '#engine/contract/config-files.ts';
import { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { openCheckpoint } from '#host/weights/checkpoint.ts';
import { TensorReader } from '#host/weights/tensor-reader.ts';
import { readTensors } from '#verify/cases/recorded-case.ts';
import { partOf } from '#verify/drivers/single-part.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import {
  attend,
  dot,
  largestError,
  layerNorm,
  linear,
  toRows,
  type Row,
  type Rows,
} from '../slow-formulas.testing.ts';
import { feedForward } from './feed-forward.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const recorded = join(import.meta.dirname, '../../verify/recorded/moe');
const tolerance = 1e-4;

interface Model {
  readonly folder: string;
  readonly config: JsonObject;
  readonly figure: (name: string, standard?: number) => number;
  readonly numbers: (name: string) => Float32Array | undefined;
  /** A recorded tensor [.., columns] as rows. */
  readonly rows: (name: string) => Rows;
}

async function openModel(name: string): Promise<Model> {
  const folder = join(recorded, name);
  const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as JsonObject;
  const { tensors } = valueOf(await openCheckpoint(folder));
  const values = valueOf(await readTensors(join(folder, 'io.safetensors')));
  const reader = new TensorReader();
  const known = new Map(
    [...tensors].map(([key, entry]) => [
      key,
      valueOf(reader.readRows(entry, 0, entry.shape[0] ?? 1)),
    ]),
  );
  reader.close();
  return {
    folder,
    config,
    figure: (key, standard) => Number(config[key] ?? standard),
    numbers: (key) => known.get(key),
    rows(key) {
      const tensor = values.get(`out.${key}`);
      if (!tensor) throw new Error(`Nothing is recorded as "${key}".`);
      return toRows(tensor.data, tensor.shape.at(-1) ?? 0);
    },
  };
}

const plus = (a: Rows, b: Rows, times = 1): Rows =>
  a.map((row, at) => row.map((number, index) => number + times * (b[at]?.[index] ?? NaN)));

function rmsNorm(rows: Rows, weight: ArrayLike<number>, epsilon: number): Rows {
  return rows.map((row) => {
    const scale = 1 / Math.sqrt(dot(row, row) / row.length + epsilon);
    return row.map((number, index) => number * scale * (weight[index] ?? NaN));
  });
}

/** As its bias says: a LayerNorm has one. */
function norm({ numbers, figure }: Model, rows: Rows, name: string): Rows {
  const weight = numbers(`${name}.weight`) ?? [];
  const bias = numbers(`${name}.bias`);
  const epsilon = figure('rms_norm_eps');
  return bias ? layerNorm(rows, weight, bias, epsilon) : rmsNorm(rows, weight, epsilon);
}

function project({ numbers }: Model, rows: Rows, name: string): Rows {
  const weight = numbers(`${name}.weight`) ?? new Float32Array();
  return linear(rows, toRows(weight, rows[0]?.length ?? 0), numbers(`${name}.bias`));
}

/** Pairs of channels of a head turned by their place: halves of it, or neighbours. */
function turned(row: Row, place: number, size: number, base: number, pairs: 'halves' | 'next') {
  const half = size / 2;
  const result = [...row];
  for (let start = 0; start < row.length; start += size)
    for (let pair = 0; pair < half; pair++) {
      const [first, second] =
        pairs === 'halves'
          ? [start + pair, start + pair + half]
          : [start + 2 * pair, start + 2 * pair + 1];
      const angle = place * base ** (-pair / half);
      const [x, y] = [row[first] ?? NaN, row[second] ?? NaN];
      result[first] = x * Math.cos(angle) - y * Math.sin(angle);
      result[second] = x * Math.sin(angle) + y * Math.cos(angle);
    }
  return result;
}

const causal = (_head: number, query: number, key: number) => (key > query ? -Infinity : 0);

const theta = ({ config }: Model): number =>
  Number((config['rope_parameters'] as JsonObject)['rope_theta']);

/** Norms of queries and keys, of the whole width or of each head, as their weight is long. */
function normed(model: Model, rows: Rows, name: string): Rows {
  const weight = model.numbers(`${name}.weight`);
  if (!weight) return rows;
  const size = weight.length;
  return rows.map((row) => rmsNorm(toRows(row, size), weight, model.figure('rms_norm_eps')).flat());
}

function attention(model: Model, rows: Rows, base: string): Rows {
  const heads = model.figure('num_attention_heads');
  const size = model.figure('head_dim', (rows[0]?.length ?? 0) / heads);
  const turn = (all: Rows) => all.map((row, at) => turned(row, at, size, theta(model), 'halves'));
  const of = (letter: string) => project(model, rows, `${base}.${letter}_proj`);
  const query = turn(normed(model, of('q'), `${base}.q_norm`));
  const key = turn(normed(model, of('k'), `${base}.k_norm`));
  const scale = model.figure('attention_multiplier', size ** -0.5) * Math.sqrt(size);
  const scaled = query.map((row) => row.map((number) => number * scale));
  const keyHeads = model.figure('num_key_value_heads');
  return project(model, attend(scaled, key, of('v'), heads, keyHeads, causal), `${base}.o_proj`);
}

/** DeepSeek-V2: keys and values from a narrow latent, one turned key for all heads. */
function latentAttention(model: Model, rows: Rows, base: string): Rows {
  const [heads, still, moving, rank, values] = [
    'num_attention_heads',
    'qk_nope_head_dim',
    'qk_rope_head_dim',
    'kv_lora_rank',
    'v_head_dim',
  ].map((name) => model.figure(name)) as [number, number, number, number, number];
  const turn = (row: Row, at: number) => turned(row, at, moving, theta(model), 'next');
  const latent = project(model, rows, `${base}.kv_a_proj_with_mqa`);
  const narrow = latent.map((row) => row.slice(0, rank));
  const shared = latent.map((row, at) => turn(row.slice(rank), at));
  const wide = project(model, norm(model, narrow, `${base}.kv_a_layernorm`), `${base}.kv_b_proj`);
  const byHead = (row: Row, size: number) => toRows(row, size).slice(0, heads);
  const query = project(model, rows, `${base}.q_proj`).map((row, at) =>
    byHead(row, still + moving).flatMap((head) => [
      ...head.slice(0, still),
      ...turn(head.slice(still), at),
    ]),
  );
  const key = wide.map((row, at) =>
    byHead(row, still + values).flatMap((head) => [...head.slice(0, still), ...(shared[at] ?? [])]),
  );
  const value = wide.map((row) => byHead(row, still + values).flatMap((head) => head.slice(still)));
  return project(model, attend(query, key, value, heads, heads, causal), `${base}.o_proj`);
}

/** The experts of a layer on ONNX Runtime, as the node takes them from config.json. [T][D] → [T][D] */
async function experts({ folder, config, figure }: Model, rows: Rows, name: string): Promise<Rows> {
  const { params } = valueOf(feedForward.fromConfig?.({ 'config.json': config }) ?? missing());
  const part = partOf({ definition: feedForward, params, parts: {} }, 'feed-forward', folder);
  const hiddenSize = figure('hidden_size');
  const g = new GraphBuilder();
  const x = g.input('x', 'float32', [1, 'sequence', hiddenSize]);
  const host = {
    name,
    hiddenSize,
    feedForwardSize: figure('intermediate_size'),
    activation: 'silu',
    bias: false,
    gated: true,
    dense: missing,
  } as const;
  g.output('mixed', part.emit(g, x, host));
  const feeds = { x: float32(Float32Array.from(rows.flat()), [1, rows.length, hiddenSize]) };
  return toRows(floatsOf((await bench.run(g.finish(), feeds))['mixed']), hiddenSize);
}

function missing(): never {
  throw new Error('The recorded layer has nothing of the kind.');
}

/** One whole layer. */
async function layerOf(
  model: Model,
  entering: Rows,
  layer: number,
  attends: typeof attention,
): Promise<Rows> {
  const base = `model.layers.${layer}`;
  const residual = model.figure('residual_multiplier', 1);
  const attended = attends(
    model,
    norm(model, entering, `${base}.input_layernorm`),
    `${base}.self_attn`,
  );
  const middle = plus(entering, attended, residual);
  const rows = norm(model, middle, `${base}.post_attention_layernorm`);
  return plus(middle, await experts(model, rows, `${base}.mlp`), residual);
}

test.for(['qwen2-moe', 'qwen3-moe', 'olmoe', 'granitemoe', 'phimoe'])(
  'the first layer of a recorded %s gives what was recorded behind it',
  async (name) => {
    const model = await openModel(name);
    const left = await layerOf(model, model.rows('embeddings'), 0, attention);
    expect(largestError(left.flat(), model.rows('block_0').flat())).toBeLessThan(tolerance);
  },
);

test('behind its dense first layer, the second of a recorded DeepSeek-V2 gives the recorded logits', async () => {
  const model = await openModel('deepseek-v2');
  const left = await layerOf(model, model.rows('block_0'), 1, latentAttention);
  const logits = project(model, norm(model, left, 'model.norm'), 'lm_head');
  expect(largestError(logits.flat(), model.rows('logits').flat())).toBeLessThan(tolerance);
});
