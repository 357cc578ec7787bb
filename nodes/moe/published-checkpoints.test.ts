/** Experts in checkpoints as they are published: found, whole, and nobody's surplus. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Json } from '#engine/contract/document.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { checkWithFiles } from '#host/check-with-files.ts';
import { writeSafetensors, type KnownTensor } from '#host/weights/write-safetensors.testing.ts';
import { NodeBench } from '#verify/node-bench.testing.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const [width, inner, expertCount, layerCount] = [16, 24, 3, 2];

/** A small LLaMA of two layers, its own tensors without any feed-forward. */
const figures = {
  model: 'custom',
  vocabularySize: 32,
  hiddenSize: width,
  layerCount,
  headCount: 2,
  keyValueHeadCount: 2,
  headSize: 8,
  feedForwardSize: inner,
};

type Shapes = Readonly<Record<string, readonly number[]>>;

function decoderShapes(prefix: string): Shapes {
  const square = [width, width];
  const layers = Array.from({ length: layerCount }, (_, layer) => `model.layers.${layer}`);
  const own: Shapes = {
    'model.embed_tokens.weight': [32, width],
    'model.norm.weight': [width],
    'lm_head.weight': [32, width],
    ...Object.fromEntries(
      layers.flatMap((layer) => [
        ...['q', 'k', 'v', 'o'].map((name) => [`${layer}.self_attn.${name}_proj.weight`, square]),
        [`${layer}.input_layernorm.weight`, [width]],
        [`${layer}.post_attention_layernorm.weight`, [width]],
      ]),
    ),
  };
  return Object.fromEntries(Object.entries(own).map(([name, shape]) => [prefix + name, shape]));
}

async function folderWith(shapes: Shapes): Promise<string> {
  const folder = await bench.newFolder();
  const tensors = Object.entries(shapes).map(([name, shape]): [string, KnownTensor] => [
    name,
    { shape, data: new Float32Array(shape.reduce((product, size) => product * size, 1)) },
  ]);
  await writeSafetensors(join(folder, 'model.safetensors'), new Map(tensors));
  return folder;
}

const graph = (language: Record<string, Json>, experts: Record<string, Json>) =>
  sketchDocument(
    {
      prompt: ['input/prompt'],
      language: ['language/decoder', { ...figures, ...language }],
      experts: ['moe/feed-forward', { experts: expertCount, layers: 'all', ...experts }],
    },
    ['prompt.text > language.prompt', 'experts.part > language.feedForward'],
  );

const from = (folder: string) => ({ weights: { kind: 'checkpoint', folder } });

const dense = (base: string): Shapes => ({
  [`${base}.gate_proj.weight`]: [inner, width],
  [`${base}.up_proj.weight`]: [inner, width],
  [`${base}.down_proj.weight`]: [width, inner],
});

const numbers = Array.from({ length: expertCount }, (_, expert) => expert);

/** Experts of one layer, each a dense feed-forward under a name of its own. */
const each = (base: string): Shapes =>
  Object.assign({}, ...numbers.map((expert) => dense(`${base}.${expert}`))) as Shapes;

const router = (name: string): Shapes => ({ [`${name}.weight`]: [expertCount, width] });

const layersOf = (start: string, of: (layer: string) => Shapes): Shapes =>
  Object.assign(
    {},
    ...Array.from({ length: layerCount }, (_, layer) => of(`${start}.${layer}`)),
  ) as Shapes;

/** Router and experts of one layer as each family saves them, and what the part has to be told. */
const families = {
  'MoE-LLaVA': {
    params: { routing: 'capacity' },
    layer: (layer: string) => ({
      ...router(`${layer}.mlp.deepspeed_moe.gate.wg`),
      ...each(`${layer}.mlp.deepspeed_moe.experts.deepspeed_experts`),
    }),
  },
  'DeepSpeed with a residual': {
    params: { routing: 'capacity', shared: 'mixed' },
    layer: (layer: string) => ({
      ...router(`${layer}.mlp.deepspeed_moe.gate.wg`),
      ...each(`${layer}.mlp.deepspeed_moe.experts.deepspeed_experts`),
      ...dense(`${layer}.mlp.mlp`),
      [`${layer}.mlp.coefficient.weight`]: [2, width],
      [`${layer}.mlp.coefficient.bias`]: [2],
    }),
  },
  Mixtral: {
    params: {},
    layer: (layer: string) => ({
      ...router(`${layer}.block_sparse_moe.gate`),
      ...Object.assign(
        {},
        ...numbers.map((expert) => {
          const base = `${layer}.block_sparse_moe.experts.${expert}`;
          return {
            [`${base}.w1.weight`]: [inner, width],
            [`${base}.w2.weight`]: [width, inner],
            [`${base}.w3.weight`]: [inner, width],
          };
        }),
      ),
    }),
  },
  'Qwen2-MoE': {
    params: { shared: 'gated' },
    layer: (layer: string) => ({
      ...router(`${layer}.mlp.gate`),
      ...each(`${layer}.mlp.experts`),
      ...dense(`${layer}.mlp.shared_expert`),
      [`${layer}.mlp.shared_expert_gate.weight`]: [1, width],
    }),
  },
  'DeepSeek-V2': {
    params: { shared: 'added' },
    layer: (layer: string) => ({
      ...router(`${layer}.mlp.gate`),
      ...each(`${layer}.mlp.experts`),
      ...dense(`${layer}.mlp.shared_experts`),
    }),
  },
  'Granite-MoE': {
    params: { routing: 'chosen-softmax' },
    layer: (layer: string) => ({
      ...router(`${layer}.block_sparse_moe.router.layer`),
      [`${layer}.block_sparse_moe.input_linear.weight`]: [expertCount, 2 * inner, width],
      [`${layer}.block_sparse_moe.output_linear.weight`]: [expertCount, width, inner],
    }),
  },
} as const satisfies Record<
  string,
  { params: Record<string, Json>; layer: (layer: string) => Shapes }
>;

type FamilyName = keyof typeof families;
const names = Object.keys(families) as FamilyName[];

/** Where whole models keep their language model. */
const places = { 'a language model alone': '', 'a whole LLaVA': 'language_model.' } as const;

describe.each(Object.entries(places))('experts in %s', (_, prefix) => {
  test.each(names)('of %s are found, and no tensor is left over', async (name) => {
    const { params, layer } = families[name];
    const folder = await folderWith({
      ...decoderShapes(prefix),
      ...layersOf(`${prefix}model.layers`, layer),
    });
    expect(await checkWithFiles(graph(from(folder), { ...params, ...from(folder) }), '')).toEqual(
      [],
    );
  });
});

test('every second layer may have experts, the others are dense', async () => {
  const { layer } = families['MoE-LLaVA'];
  const folder = await folderWith({
    ...decoderShapes(''),
    ...layer('model.layers.0'),
    ...dense('model.layers.1.mlp'),
  });
  const document = graph(from(folder), { layers: 'every-second', ...from(folder) });
  expect(await checkWithFiles(document, '')).toEqual([]);
});

describe('what belongs to experts in the checkpoint of a language model', () => {
  test.each(names)('is not left over where the experts are random, as in %s', async (name) => {
    const { params, layer } = families[name];
    const folder = await folderWith({
      ...decoderShapes(''),
      ...layersOf('model.layers', layer),
    });
    expect(await checkWithFiles(graph(from(folder), params), '')).toEqual([]);
  });

  test('is told where no experts are plugged in', async () => {
    const folder = await folderWith({
      ...decoderShapes(''),
      ...layersOf('model.layers', (layer) => ({
        ...dense(`${layer}.mlp`),
        ...router(`${layer}.mlp.gate`),
      })),
    });
    const document = sketchDocument(
      { prompt: ['input/prompt'], language: ['language/decoder', { ...figures, ...from(folder) }] },
      ['prompt.text > language.prompt'],
    );
    expect(await checkWithFiles(document, '')).toMatchObject([{ code: 'tensor-extra' }]);
  });

  test('is told at the experts where they use only some of it', async () => {
    const { layer } = families.Mixtral;
    const folder = await folderWith({
      ...decoderShapes(''),
      ...layersOf('model.layers', layer),
      ...dense('model.layers.1.mlp'),
    });
    const document = graph(from(folder), { layers: 'every-second', ...from(folder) });
    expect(await checkWithFiles(document, '')).toMatchObject([
      { code: 'tensor-extra', node: 'experts' },
    ]);
  });
});

test('a fused tensor of another number of experts is told with both shapes', async () => {
  const { layer, params } = families['Granite-MoE'];
  const folder = await folderWith({ ...decoderShapes(''), ...layersOf('model.layers', layer) });
  const document = graph(from(folder), { ...params, experts: 5, ...from(folder) });
  const [problem] = await checkWithFiles(document, '');
  expect(problem).toMatchObject({ node: 'experts', severity: 'error' });
  expect(problem?.message).toContain('have another shape');
});
