/** LLaMA-VID's tokens against the formula of the paper, where the recorded case does not reach. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { estimatedCount, knownCount, type WireOf } from '#engine/node/wire.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { writeKnownWeights } from '#host/weights/known-weights.testing.ts';
import { config, refusal, taken } from '#verify/taking-config.testing.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { qFormer } from '../projector/q-former.ts';
import {
  attend,
  gelu,
  largestError,
  linear,
  toRows,
  type Row,
  type Rows,
} from '../slow-formulas.testing.ts';
import { llamaVid } from './llama-vid.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const [rows, columns, width, asked, queryWidth, outputs] = [5, 7, 6, 3, 4, 8];
const patches = rows * columns;

const tokens = (rest: Partial<WireOf<'tokens'>> = {}): WireOf<'tokens'> => ({
  kind: 'tokens',
  count: knownCount(1 + patches),
  channels: width,
  prefixTokens: 1,
  grid: { rows, columns },
  views: { known: true, views: 2, most: 2, items: 1, media: 'video' },
  ...rest,
});

const queries: WireOf<'tokens'> = {
  ...tokens(),
  count: knownCount(asked),
  channels: queryWidth,
  prefixTokens: 0,
  grid: null,
};

const single = (params = {}, wire = tokens(), query = queries) => ({
  definition: llamaVid,
  params: { outputWidth: outputs, ...params },
  inputs: { tokens: wire, queries: query },
});

const means = (all: Rows): Row =>
  (all[0] ?? []).map((_, at) => all.reduce((sum, row) => sum + (row[at] ?? NaN), 0) / all.length);

// 5 × 7 patches in squares of 2: two rows of three, the last row and column are dropped.
const inSquares = (all: Rows): Rows =>
  [0, 2].flatMap((row) =>
    [0, 2, 4].map((column) =>
      means([0, 1].flatMap((y) => [0, 1].map((x) => all[(row + y) * columns + column + x] as Row))),
    ),
  );

test.for([
  ['mean', (all: Rows) => [means(all)]],
  ['grid', inSquares],
  ['all', (all: Rows) => all],
] as const)('context and content by %s, in every frame', async ([content, contentOf]) => {
  const weights = { kind: 'checkpoint', folder: await bench.newFolder() };
  const node = single({ content, side: 2, weights });
  const built = valueOf(buildSingleNode(node));
  const known = await writeKnownWeights(weights.folder, [built.model], 2);
  const data = normalNumbers(2 * (1 + patches) * width, 3);
  const question = normalNumbers(2 * asked * queryWidth, 4);
  const given = await bench.runNode(node, {
    tokens: float32(data, [2, 1 + patches, width]),
    queries: float32(question, [2, asked, queryWidth]),
  });

  const project = (all: Rows, name: string): Rows => {
    const [weight, bias] = ['weight', 'bias'].map((part) => known.get(`${name}.${part}`)?.data);
    return linear(all, toRows(weight ?? [], all[0]?.length ?? 0), bias);
  };
  const expected = [0, 1].flatMap((view) => {
    const start = view * (1 + patches) + 1;
    const own = toRows(data, width).slice(start, start + patches);
    const asking = toRows(question, queryWidth).slice(view * asked, (view + 1) * asked);
    const found = attend(
      project(asking, 'vlm_att_projector'),
      project(own, 'vlm_att_key_projector'),
      own,
      1,
    );
    const inner = project(contentOf(own), 'mm_projector.0').map((row) => row.map(gelu));
    return [
      ...project([means(found)], 'vlm_att_val_projector'),
      ...project(inner, 'mm_projector.2'),
    ];
  });
  expect(largestError(floatsOf(given['tokens']), expected.flat())).toBeLessThan(1e-5);
  expect(built.outputs['tokens']).toEqual({
    ...tokens(),
    count: knownCount(expected.length / 2),
    channels: outputs,
    prefixTokens: 0,
    grid: null,
  });
});

test.for([
  [
    single({}, tokens({ count: estimatedCount(9, 12) })),
    'How many tokens come in is decided by the picture; wire the encoder before anything that selects tokens.',
  ],
  [
    single({ content: 'grid' }, tokens({ grid: null })),
    'A grid of means needs tokens that lie on a grid; place it before anything that selects or merges tokens.',
  ],
  [single({ content: 'grid', side: 6 }), '6 × 6 squares do not fit the 5 × 7 grid; choose fewer.'],
  [
    single({}, tokens({ views: { known: true, views: 4, most: 4 } })),
    'The queries are of 2 views, the tokens of 4 views; give the Q-Former the tokens of the same frames.',
  ],
  [
    single({}, tokens({ views: { known: false, views: 2, most: 4 } })),
    'The queries are of 2 views, the tokens of ≈ 2 views; give the Q-Former the tokens of the same frames.',
  ],
] as const)('what does not fit is refused', ([node, message]) => {
  const outcome = buildSingleNode(node);
  expect(outcome.ok ? [] : outcome.problems.map((problem) => problem.message)).toEqual([message]);
});

const published = {
  model_type: 'llava',
  bert_type: 'qformer_pretrain',
  num_query: 32,
  mm_projector_type: 'mlp2x_gelu',
  mm_hidden_size: 1408,
  hidden_size: 4096,
};

test('its config.json says which tokens there are, and which Q-Former hears the question', () => {
  const widths = { inputWidth: 1408, outputWidth: 4096 };
  for (const [type, own] of [
    ['mean', { content: 'mean' }],
    ['grid:2', { content: 'grid', side: 2 }],
    [null, { content: 'all' }],
  ] as const)
    expect(taken(llamaVid, config({ ...published, compress_type: type }))).toMatchObject({
      value: { params: { ...widths, ...own } },
    });
  expect(refusal(llamaVid, config({ ...published, mm_projector_type: 'linear' }))).toBe(
    'The projector "linear" is not built yet.',
  );
  expect(refusal(llamaVid, config({ model_type: 'llava' }))).toMatch(/describes no context token/);

  expect(taken(qFormer, config(published))).toMatchObject({
    value: { params: { model: 'llama-vid', inputWidth: 1408 } },
  });
  expect(taken(qFormer, config({ ...published, num_query: 64 }))).toMatchObject({
    value: { params: { model: 'custom', queryCount: 64, projects: false, normsPicture: true } },
  });
  expect(refusal(qFormer, config({ ...published, bert_type: 'raw_bert' }))).toBe(
    'The text-guided query "raw_bert" is not built yet.',
  );
  expect(refusal(qFormer, config({ ...published, mm_hidden_size: 1024 }))).toMatch(
    /A Q-Former of 1408 channels behind an encoder of 1024/,
  );
});

test('its Q-Former leaves the queries as they are, under the names of its checkpoint', () => {
  const node = {
    definition: qFormer,
    params: { model: 'llama-vid' },
    inputs: { tokens: tokens({ channels: 1408 }) },
  };
  const { model, outputs: given } = valueOf(buildSingleNode(node));
  expect(given['tokens']).toMatchObject({ count: knownCount(32), channels: 768 });
  const layout = model.origins[0]?.layouts.find(({ title }) => title === 'LLaMA-VID');
  const layer = 'encoder.layer.0';
  expect(
    [
      'query_tokens',
      'ln_vision.bias',
      'qformer.layernorm.weight',
      `qformer.${layer}.attention.attention.query.weight`,
      `qformer.${layer}.crossattention.output.LayerNorm.weight`,
    ].map((name) => layout?.key(name)),
  ).toEqual([
    'model.vlm_att_query',
    'model.vlm_att_ln.bias',
    'model.vlm_att_encoder.bert.embeddings.LayerNorm.weight',
    `model.vlm_att_encoder.bert.${layer}.attention.self.query.weight`,
    `model.vlm_att_encoder.bert.${layer}.crossattention.output.LayerNorm.weight`,
  ]);
  const names = model.weights.flatMap(({ expression }) =>
    expression.kind === 'tensor' ? [expression.name] : [],
  );
  expect(names.some((name) => name.startsWith('language_projection'))).toBe(false);
});
