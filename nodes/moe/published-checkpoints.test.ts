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

/** Router and experts of one layer as MoE-LLaVA saves them. */
const deepSpeed = (layer: string): Shapes => ({
  [`${layer}.mlp.deepspeed_moe.gate.wg.weight`]: [expertCount, width],
  ...Object.assign(
    {},
    ...Array.from({ length: expertCount }, (_, expert) =>
      dense(`${layer}.mlp.deepspeed_moe.experts.deepspeed_experts.${expert}`),
    ),
  ),
});

describe('MoE-LLaVA', () => {
  test('every second layer has experts under the names of DeepSpeed, the others are dense', async () => {
    const folder = await folderWith({
      ...decoderShapes(''),
      ...deepSpeed('model.layers.0'),
      ...dense('model.layers.1.mlp'),
    });
    const document = graph(from(folder), { layers: 'every-second', ...from(folder) });
    expect(await checkWithFiles(document, '')).toEqual([]);
  });
});
