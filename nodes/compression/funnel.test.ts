/** Funnel Transformer over visual tokens: its formula, by the places of the tokens, and what it refuses. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Json } from '#engine/contract/document.ts';
import { estimatedCount, knownCount, type WireOf } from '#engine/node/wire.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { writeKnownWeights } from '#host/weights/known-weights.testing.ts';
import type { KnownTensor } from '#host/weights/write-safetensors.testing.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import {
  dot,
  gelu,
  largestError,
  layerNorm,
  linear,
  softmax,
  toRows,
  type Row,
  type Rows,
} from '../slow-formulas.testing.ts';
import { funnel } from './funnel.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const [width, heads, size] = [12, 2, 4];
const figures = {
  model: 'custom',
  blockSizes: '1, 2, 1',
  blockRepeats: '1, 1, 2',
  hiddenSize: width,
  headCount: heads,
  headSize: size,
  feedForwardSize: 20,
  activation: 'gelu',
};

const tokensOf = (count: number, prefixTokens: number): WireOf<'tokens'> => ({
  kind: 'tokens',
  count: knownCount(count),
  channels: width,
  prefixTokens,
  grid: null,
});

type Weights = ReadonlyMap<string, KnownTensor>;
interface Placed {
  readonly rows: Rows;
  readonly places: readonly number[];
}

const sumOf = (a: Rows, b: Rows): Rows =>
  a.map((row, at) => row.map((number, channel) => number + (b[at]?.[channel] ?? NaN)));

/** One layer: queries see all keys by what they are and by how far apart they lie. */
function layerSlowly(
  weights: Weights,
  name: string,
  asking: Placed,
  asked: Placed,
  hasClass: boolean,
): Rows {
  const data = (part: string) => weights.get(`${name}.${part}`)?.data ?? new Float32Array();
  const matrix = (part: string, columns: number) => toRows(data(`${part}.weight`), columns);
  const map = (x: Rows, part: string) =>
    linear(x, matrix(`attention.${part}`, width), data(`attention.${part}.bias`));
  const query = linear(asking.rows, matrix('attention.q_head', width));
  const [key, value] = [map(asked.rows, 'k_head'), map(asked.rows, 'v_head')];
  const headOf = (row: ArrayLike<number>, head: number): Row =>
    Array.from(row).slice(head * size, (head + 1) * size);
  const vector = (part: string, head: number) => headOf(data(`attention.${part}`), head);
  const plus = (a: Row, b: Row) => a.map((number, at) => number + (b[at] ?? NaN));
  const kernel = toRows(data('attention.r_kernel'), heads * size);
  const distance = (by: number, head: number): Row => {
    const angles = Array.from(
      { length: width / 2 },
      (_none, at) => by * 10_000 ** (-at / (width / 2)),
    );
    const waves = [...angles.map(Math.sin), ...angles.map(Math.cos)];
    return Array.from({ length: size }, (_none, at) =>
      dot(
        waves,
        kernel.map((row) => row[head * size + at] ?? NaN),
      ),
    );
  };
  const attended = query.map((row, i) =>
    Array.from({ length: heads }, (_, head) => {
      const own = headOf(row, head);
      const same = headOf(data('attention.seg_embed').slice(heads * size), head);
      const scores = key.map((other, j) => {
        const content = dot(plus(own, vector('r_w_bias', head)), headOf(other, head));
        if (hasClass && (i === 0 || j === 0)) return content / Math.sqrt(size);
        const by = (asking.places[i] ?? NaN) - (asked.places[j] ?? NaN);
        const place = dot(plus(own, vector('r_r_bias', head)), distance(by, head));
        const type = hasClass ? dot(plus(own, vector('r_s_bias', head)), same) : 0;
        return (content + place + type) / Math.sqrt(size);
      });
      const shares = softmax(scores);
      return Array.from({ length: size }, (_none, at) =>
        dot(
          shares,
          value.map((each) => each[head * size + at] ?? NaN),
        ),
      );
    }).flat(),
  );
  const post = linear(
    attended,
    matrix('attention.post_proj', heads * size),
    data('attention.post_proj.bias'),
  );
  const normed = (x: Rows, part: string) =>
    layerNorm(x, data(`${part}.weight`), data(`${part}.bias`), 1e-9);
  const seen = normed(sumOf(asking.rows, post), 'attention.layer_norm');
  const up = linear(seen, matrix('ffn.linear_1', width), data('ffn.linear_1.bias'));
  const down = linear(
    up.map((row) => row.map(gelu)),
    matrix('ffn.linear_2', 20),
    data('ffn.linear_2.bias'),
  );
  return normed(sumOf(seen, down), 'ffn.layer_norm');
}

/** Pairs of neighbours; a class token stays by itself, and the last one goes to make room for it. */
function poolSlowly(
  { rows, places }: Placed,
  block: number,
  hasClass: boolean,
  mode: string,
): Placed {
  const rest = hasClass ? rows.slice(1, -1) : rows;
  const restPlaces = hasClass ? places.slice(1, -1) : places;
  const pairs = Array.from({ length: Math.ceil(rest.length / 2) }, (_, at) =>
    rest.slice(2 * at, 2 * at + 2),
  );
  const pooled = pairs.map((pair) =>
    (pair[0] ?? []).map((_, channel) => {
      const numbers = pair.map((row) => row[channel] ?? NaN);
      return mode === 'max'
        ? Math.max(...numbers)
        : numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
    }),
  );
  const first = restPlaces.filter((_, at) => at % 2 === 0);
  return hasClass
    ? { rows: [rows[0] ?? [], ...pooled], places: [1 - 2 ** block, ...first] }
    : { rows: pooled, places: first };
}

function funnelSlowly(weights: Weights, rows: Rows, hasClass: boolean, mode: string): Rows {
  let now: Placed = { rows, places: rows.map((_, place) => place) };
  const run = (name: string, asking = now) => {
    now = { ...asking, rows: layerSlowly(weights, name, asking, now, hasClass) };
  };
  run('encoder.blocks.0.0');
  run('encoder.blocks.1.0', poolSlowly(now, 1, hasClass, mode));
  run('encoder.blocks.1.1');
  // The one layer of the last block runs twice.
  run('encoder.blocks.2.0', poolSlowly(now, 2, hasClass, mode));
  run('encoder.blocks.2.0');
  return now.rows;
}

describe.each([
  [13, 1],
  [12, 1],
  [9, 0],
  [8, 0],
])('%i tokens, %i of them a class token', (count, prefixTokens) => {
  test.each(['mean', 'max'])(
    'are pooled by %s as the formula says, picture by picture',
    async (pooling) => {
      const folder = await bench.newFolder();
      const two = { known: true, views: 2, most: 2 } as const;
      const single = {
        definition: funnel,
        params: { ...figures, pooling, weights: { kind: 'checkpoint', folder } },
        inputs: { tokens: { ...tokensOf(count, prefixTokens), views: two } },
      };
      const built = valueOf(buildSingleNode(single));
      const weights = await writeKnownWeights(folder, [built.model], 9);
      const data = normalNumbers(2 * count * width, 5);
      const { tokens } = await bench.runNode(single, { tokens: float32(data, [2, count, width]) });
      const rows = toRows(data, width);
      const expected = [rows.slice(0, count), rows.slice(count)].flatMap((picture) =>
        funnelSlowly(weights, picture, prefixTokens === 1, pooling),
      );
      expect(largestError(floatsOf(tokens), expected.flat())).toBeLessThan(1e-4);
      const left = Math.ceil(Math.ceil(count / 2) / 2);
      expect(built.outputs['tokens']).toMatchObject({
        count: knownCount(left),
        prefixTokens,
        grid: null,
      });
      expect(tokens?.dims).toEqual([2, left, width]);
    },
  );
});

test.each<[Readonly<Record<string, Json>>, Partial<WireOf<'tokens'>>, string, RegExp]>([
  [{}, { count: estimatedCount(9, 20) }, 'arrangement-unsupported', /place it before/],
  [{}, { prefixTokens: 5 }, 'arrangement-unsupported', /5 tokens come before/],
  [{}, { count: knownCount(2), prefixTokens: 1 }, 'arrangement-unsupported', /halved 2 times/],
  [{}, { channels: 16 }, 'dimension-mismatch', /works on 12 channels/],
  [{ blockRepeats: '1, 1' }, {}, 'param-invalid', /repeats for 2/],
  [{ blockSizes: 'four' }, {}, 'param-invalid', /"four" is no list/],
  [{ hiddenSize: 11 }, {}, 'param-invalid', /even/],
])('is refused: %j over %j', (params, wire, code, message) => {
  const built = buildSingleNode({
    definition: funnel,
    params: { ...figures, ...params },
    inputs: { tokens: { ...tokensOf(9, 0), ...wire } },
  });
  expect(built).toMatchObject({
    ok: false,
    problems: [{ code, message: expect.stringMatching(message) }],
  });
});

describe('config.json', () => {
  const taken = (config: Readonly<Record<string, Json>>) =>
    funnel.fromConfig?.({ 'config.json': { model_type: 'funnel', ...config } });

  test('of a published model is that model', () => {
    expect(taken({})).toMatchObject({ ok: true, value: { params: { model: 'small' } } });
    const medium = { block_sizes: [6, 3, 3], block_repeats: [1, 2, 2] };
    expect(taken(medium)).toMatchObject({ ok: true, value: { params: { model: 'medium' } } });
    expect(taken({ d_model: 64 })).toMatchObject({
      ok: true,
      value: { params: { model: 'custom', hiddenSize: 64, blockSizes: '4, 4, 4' } },
    });
  });

  test.each<[Readonly<Record<string, Json>>, string]>([
    [{ model_type: 'bert' }, 'config-foreign'],
    [{ attention_type: 'factorized' }, 'config-unsupported'],
    [{ pool_q_only: false }, 'config-unsupported'],
    [{ hidden_act: 'tanh' }, 'config-unsupported'],
  ])('that asks for more is not taken: %j', (config, code) => {
    expect(taken(config)).toMatchObject({ ok: false, problems: [{ code }] });
  });
});
