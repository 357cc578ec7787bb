/** Published decoders have as many parameters as is published of them. */
import { expect, it } from 'vitest';
import { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { tensorsOf } from '#engine/onnx/weight.ts';
import { decoderGraphs } from './decoder-graph.ts';
import { decoderKeyLayouts } from './decoder-names.ts';
import { publishedDecoders, type PublishedDecoder } from './published-decoders.ts';

/** Within this part of the published count. */
const tolerance = 0.005;

/**
 * Counts of the published checkpoints, as the models' pages give them for their safetensors files or their papers to
 * three figures. Null where no exact count could be found.
 */
const published: Readonly<Record<PublishedDecoder, number | null>> = {
  // This project's own models.
  'shapes-llava': null,
  'shapes-draft': null,
  'tinyllama-1.1b': 1_100_048_384,
  'vicuna-7b': 6_738_415_616,
  // MobileVLM (2312.16886), table 2, to two figures.
  'mobilellama-1.4b': null,
  'mobilellama-2.7b': null,
  'smollm2-135m': 134_515_008,
  'smollm2-360m': 361_821_120,
  'smollm2-1.7b': 1_711_376_384,
  'smollm3-3b': 3_075_098_624,
  'stablelm-2-1.6b': 1_644_515_328,
  'olmo-1b': 1_176_764_416,
  'olmo-2-1b': 1_484_916_736,
  'granite-3.0-2b': 2_533_539_840,
  'phi-1.5': 1_418_270_720,
  'phi-2': 2_779_683_840,
  'phi-3-mini-4k': 3_821_079_552,
  'qwen-1.8b': 1_836_828_672,
  'qwen1.5-0.5b': 463_987_712,
  'qwen1.5-1.8b': 1_836_828_672,
  'qwen2-0.5b': 494_032_768,
  'qwen2-1.5b': 1_543_714_304,
  'qwen2.5-3b': 3_085_938_688,
  // Built on the same language models as those of their size without a tower.
  'qwen2-vl-2b': 1_543_714_304,
  'qwen2.5-vl-3b': 3_085_938_688,
  'qwen3-0.6b': 596_049_920,
  'qwen3-1.7b': 1_720_574_976,
  'qwen3-4b': 4_022_468_096,
  'gemma-2b': 2_506_172_416,
  // What MiniCPM (2404.06395) gives without embeddings, and these.
  'minicpm-2b': 2_442_057_984 + 122_753 * 2304,
  'minicpm3-4b': null,
  // Its experts are a part of their own.
  'deepseek-v2-lite': null,
  'gemma-2-2b': 2_614_341_888,
  'gemma-2-9b': 9_241_705_984,
  'gemma-3-1b': 999_885_952,
  // Of the language model in the whole one.
  'gemma-3-4b': 3_880_263_168,
  'mistral-7b-v0.1': 7_241_732_096,
  'mistral-7b-v0.2': 7_241_732_096,
  'mistral-7b-v0.3': 7_248_023_552,
  gpt2: 124_439_808,
  'gpt2-medium': 354_823_168,
  'gpt2-large': 774_030_080,
  'gpt2-xl': 1_557_611_200,
  'pythia-160m': 162_322_944,
  'pythia-410m': 405_334_016,
  'pythia-1b': 1_011_781_632,
  'pythia-1.4b': 1_414_647_808,
  'pythia-2.8b': 2_775_208_960,
  'opt-125m': 125_239_296,
  'opt-350m': 331_196_416,
  'opt-1.3b': 1_315_758_080,
  'opt-2.7b': 2_651_596_800,
  'opt-6.7b': 6_658_473_984,
  'bloom-560m': 559_214_592,
  'bloom-1b1': 1_065_314_304,
  'bloom-1b7': 1_722_408_960,
  'bloom-3b': 3_002_557_440,
  'falcon-7b': 6_921_720_704,
  // Their experts, which are most of them, are counted with the part.
  'mixtral-8x7b': null,
  'qwen1.5-moe-a2.7b': null,
  'olmoe-1b-7b': null,
};

/** Every named tensor of both graphs, once. */
function countedParameters(name: PublishedDecoder): number {
  const architecture = publishedDecoders[name];
  const origin = {
    node: 'decoder',
    source: { kind: 'random', seed: 0 },
    layouts: decoderKeyLayouts(architecture),
  } as const;
  const { embed, decoder } = decoderGraphs(
    architecture,
    { feedForwards: [], boundaries: [] },
    (emit) => {
      const g = new GraphBuilder();
      g.weightsFrom({ origin, blocks: null }, () => emit(g));
      return g.finish();
    },
  );
  const sizes = new Map<string, number>();
  for (const { expression } of [...embed.weights, ...decoder.model.weights])
    for (const tensor of tensorsOf(expression))
      sizes.set(
        tensor.name,
        tensor.shape.reduce((product, size) => product * size, 1),
      );
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

const figures = Object.entries(published) as [PublishedDecoder, number | null][];

it.each(figures.filter(([, count]) => count !== null))('%s has %i', (name, count) => {
  const counted = countedParameters(name);
  expect({ counted, off: Math.abs(counted / (count ?? NaN) - 1) }).toMatchObject({
    off: expect.toSatisfy((off: number) => off <= tolerance, `at most ${tolerance}`) as number,
  });
});

/** What their names say. */
it.each([
  ['mobilellama-1.4b', 1.4e9],
  ['mobilellama-2.7b', 2.7e9],
  ['minicpm3-4b', 4e9],
] as const)('%s has about as many as it is called by', (name, count) => {
  expect(Math.abs(countedParameters(name) / count - 1)).toBeLessThan(0.03);
});
