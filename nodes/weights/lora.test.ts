/** Adapters plugged into nodes: the same as the node with W + s · B · A in its checkpoint. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JsonObject } from '#engine/contract/config-files.ts';
import type { Json } from '#engine/contract/document.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { buildSingleNode, type PluggedIn } from '#engine/plan/single-node.ts';
import { checkWithFiles } from '#host/check-with-files.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { writeKnownWeights } from '#host/weights/known-weights.testing.ts';
import { writeSafetensors, type KnownTensor } from '#host/weights/write-safetensors.testing.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { vit } from '../encoder/vit.ts';
import { catalogue } from '../index.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { largestError } from '../slow-formulas.testing.ts';
import { lora } from './lora.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

type Params = Readonly<Record<string, Json>>;
type Tensors = ReadonlyMap<string, KnownTensor>;

const width = 32;
const figures = {
  model: 'custom',
  imageSize: 8,
  imageWidth: 8,
  patchSize: 4,
  hiddenSize: width,
  layerCount: 2,
  headCount: 2,
  feedForwardSize: 64,
  featureLayer: -1,
};
const pixels = normalNumbers(3 * 8 * 8, 4);

const encoder = (params: Params, adapters: readonly PluggedIn[] = []) => ({
  definition: vit,
  params: { ...figures, ...params },
  inputs: { pixels: { kind: 'pixels', height: 8, width: 8 } as const },
  parts: { weightChanges: adapters },
});

async function tokensOf(params: Params, adapters?: readonly PluggedIn[]): Promise<Float32Array> {
  const feeds = { pixels: float32(pixels, [1, 3, 8, 8]) };
  return floatsOf((await bench.runNode(encoder(params, adapters), feeds))['tokens']);
}

async function folderWith(tensors: Tensors): Promise<string> {
  const folder = await bench.newFolder();
  await writeSafetensors(join(folder, 'model.safetensors'), tensors);
  return folder;
}

/** An encoder's tensors under the names of the Hugging Face library. */
async function knownTensors(): Promise<Tensors> {
  const folder = await bench.newFolder();
  const { model } = valueOf(buildSingleNode(encoder({ weights: { kind: 'checkpoint', folder } })));
  return writeKnownWeights(folder, [model], 5);
}

const drawn = (shape: readonly number[], seed: number): KnownTensor => ({
  shape,
  data: normalNumbers((shape[0] ?? 1) * (shape[1] ?? 1), seed, 0.3),
});

/** A and B for modules of the given widths, as PEFT stores them. */
function adapterOf(
  rank: number,
  modules: Readonly<Record<string, readonly [number, number]>>,
  seed: number,
) {
  const tensors = Object.entries(modules).flatMap(([name, [outputs, inputs]], index) => {
    const key = `base_model.model.${name}`;
    return [
      [`${key}.lora_A.weight`, drawn([rank, inputs], seed + 2 * index)],
      [`${key}.lora_B.weight`, drawn([outputs, rank], seed + 2 * index + 1)],
    ] as const;
  });
  return new Map(tensors);
}

/** W + scale · B · A for every module of an adapter, number by number. */
function merged(tensors: Tensors, adapter: Tensors, scale: number): Tensors {
  const result = new Map(tensors);
  for (const key of adapter.keys()) {
    const name = /^base_model\.model\.(.*)\.lora_A\.weight$/.exec(key)?.[1];
    if (name === undefined) continue;
    const a = adapter.get(`base_model.model.${name}.lora_A.weight`) as KnownTensor;
    const b = adapter.get(`base_model.model.${name}.lora_B.weight`) as KnownTensor;
    const weight = result.get(`${name}.weight`) as KnownTensor;
    const [rank = 0, inputs = 0] = a.shape;
    const data = weight.data.map((number, index) => {
      const [row, column] = [Math.floor(index / inputs), index % inputs];
      let product = 0;
      for (let each = 0; each < rank; each++)
        product += (b.data[row * rank + each] ?? NaN) * (a.data[each * inputs + column] ?? NaN);
      return number + scale * product;
    });
    result.set(`${name}.weight`, { shape: weight.shape, data });
  }
  return result;
}

const layer = 'encoder.layer.1';
const modules = {
  [`${layer}.attention.attention.query`]: [width, width],
  [`${layer}.intermediate.dense`]: [64, width],
} as const;
const plug = (folder: string, params: Params = {}): PluggedIn => ({
  definition: lora,
  params: {
    rank: 4,
    alpha: 8,
    // Only in the second layer.
    modules: '1.attention.attention.query, 1.intermediate.dense',
    weights: { kind: 'checkpoint', folder },
    ...params,
  },
});

describe.each(['float32', 'int8', 'int4', 'w8a8'])('a model in %s', (precision) => {
  const setting = (folder: string) => ({ precision, weights: { kind: 'checkpoint', folder } });

  test('with an adapter is the model that has W + s · B · A', async () => {
    const tensors = await knownTensors();
    const adapter = adapterOf(4, modules, 40);
    const base = setting(await folderWith(tensors));
    const plugged = await tokensOf(base, [plug(await folderWith(adapter))]);
    const expected = await tokensOf(setting(await folderWith(merged(tensors, adapter, 2))));
    expect(largestError(plugged, expected)).toBeLessThan(1e-5);
    expect(largestError(plugged, await tokensOf(base))).toBeGreaterThan(0.05);
  });

  test('takes several adapters, and scales by √r where it is told to', async () => {
    const tensors = await knownTensors();
    const first = adapterOf(4, modules, 40);
    const second = adapterOf(9, { [`${layer}.output.dense`]: [width, 64], ...modules }, 70);
    const base = setting(await folderWith(tensors));
    const both = await tokensOf(base, [
      plug(await folderWith(first)),
      plug(await folderWith(second), {
        rank: 9,
        alpha: 6,
        scaling: 'root',
        modules: '1.output.dense,1.attention.attention.query 1.intermediate.dense',
      }),
    ]);
    const expected = merged(merged(tensors, first, 2), second, 2);
    const whole = await tokensOf(setting(await folderWith(expected)));
    expect(largestError(both, whole)).toBeLessThan(1e-5);
  });
});

test('an adapter of a joined projection changes queries, keys and values each by their own rows of B', async () => {
  const tensors = await knownTensors();
  const timm = new Map<string, KnownTensor>();
  for (const [name, tensor] of tensors) {
    const key = vit.keyLayouts?.(valuesOf()).at(-1)?.key(name) as string;
    const before = timm.get(key);
    const data = before ? new Float32Array([...before.data, ...tensor.data]) : tensor.data;
    const [rows = 0, ...rest] = tensor.shape;
    timm.set(key, { shape: [rows + (before?.shape[0] ?? 0), ...rest], data });
  }
  const adapter = adapterOf(4, { 'blocks.0.attn.qkv': [3 * width, width] }, 20);
  const params = (folder: string) => ({ weights: { kind: 'checkpoint', folder } });
  const plugged = await tokensOf(params(await folderWith(timm)), [
    plug(await folderWith(adapter), { modules: '0.attn.qkv' }),
  ]);
  const expected = await tokensOf(params(await folderWith(merged(timm, adapter, 2))));
  expect(largestError(plugged, expected)).toBeLessThan(1e-5);
});

/** The encoder's parameters with its defaults, as `keyLayouts` reads them. */
function valuesOf() {
  const declared = Object.entries(vit.params).map(([name, param]) => [name, param.default]);
  return { ...Object.fromEntries(declared), ...figures } as Parameters<
    NonNullable<typeof vit.keyLayouts>
  >[0];
}

describe('in a graph', () => {
  const graph = (adapter: Params) =>
    sketchDocument(
      {
        prompt: ['input/prompt'],
        language: ['language/decoder', { model: 'shapes-llava' }],
        adapter: ['weights/lora', adapter],
      },
      ['prompt.text > language.prompt', 'adapter.part > language.weightChanges'],
    );

  test('a random adapter is one of the right size, and no problem', async () => {
    expect(await checkWithFiles(graph({}), '')).toEqual([]);
  });

  test('what an adapter lacks is said at the adapter', async () => {
    const folder = await folderWith(
      adapterOf(8, { 'model.layers.0.self_attn.q_proj': [192, 192] }, 3),
    );
    const problems = await checkWithFiles(
      graph({ modules: 'q_proj', weights: { kind: 'checkpoint', folder } }),
      '',
    );
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({
      code: 'tensor-missing',
      node: 'adapter',
      param: 'weights',
    });
    expect(problems[0]?.message).toContain(' and 7 more; ');
    expect(problems[0]?.message).toContain(
      '"base_model.model.model.layers.1.self_attn.q_proj.lora_A.weight" [8, 192]',
    );
  });

  test('an adapter that finds nothing to change says so', async () => {
    expect(await checkWithFiles(graph({ modules: 'Wqkv' }), '')).toMatchObject([
      { code: 'parts-conflict', severity: 'warning', node: 'adapter' },
    ]);
  });

  test('without a module it is refused', () => {
    expect(checkGraph(graph({ modules: ' , ' }), catalogue).problems).toMatchObject([
      { code: 'param-invalid', node: 'adapter', param: 'modules' },
    ]);
  });
});

describe('adapter_config.json', () => {
  const published: JsonObject = {
    peft_type: 'LORA',
    r: 128,
    lora_alpha: 256,
    target_modules: ['v_proj', 'q_proj'],
    bias: 'none',
  };
  const taken = (changed: JsonObject) =>
    lora.fromConfig?.({ 'adapter_config.json': { ...published, ...changed } });

  test('says rank, alpha and modules', () => {
    expect(taken({})).toMatchObject({
      ok: true,
      value: { params: { rank: 128, alpha: 256, scaling: 'rank', modules: 'q_proj, v_proj' } },
    });
    expect(taken({ use_rslora: true, target_modules: 'all-linear' })).toMatchObject({
      ok: true,
      value: { params: { scaling: 'root', modules: 'all-linear' } },
    });
  });

  test.each<[JsonObject, string]>([
    [{ peft_type: 'IA3' }, 'config-foreign'],
    [{ use_dora: true }, 'config-unsupported'],
    [{ bias: 'lora_only' }, 'config-unsupported'],
    [{ alpha_pattern: { q_proj: 4 } }, 'config-unsupported'],
    [{ target_modules: '.*proj' }, 'config-unsupported'],
  ])('that asks for more is not taken: %j', (changed, code) => {
    expect(taken(changed)).toMatchObject({ ok: false, problems: [{ code }] });
  });
});
