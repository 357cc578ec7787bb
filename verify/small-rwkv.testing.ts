/** Test support: small RWKVs of every generation with known weights. */
import type { LanguageGraphs } from '#engine/node/decoder-protocol.ts';
import { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import type { BlockFormat } from '#engine/onnx/weight.ts';
import type { LanguageModel } from '#host/language/language-model.ts';
import { writeKnownWeights } from '#host/weights/known-weights.testing.ts';
import {
  standardRwkv,
  type Generation,
  type RwkvArchitecture,
} from '#nodes/language/rwkv-architecture.ts';
import { rwkvGraphs } from '#nodes/language/rwkv-graph.ts';
import { rwkvKeyLayouts } from '#nodes/language/rwkv-names.ts';
import type { NodeBench } from './node-bench.testing.ts';
import { openSmallDecoder } from './small-decoder.testing.ts';

/** Three layers of 32 channels; the time mix is wider, in heads of 8, so that no two sizes are taken for each other. */
export const smallRwkv = (generation: Generation): RwkvArchitecture => ({
  ...standardRwkv(generation, 32, 3, 97),
  attentionSize: 40,
  headSize: 8,
  mixRank: 3,
  decayRank: 5,
});

/** Graphs whose weights are a checkpoint's in `folder`, in blocks where a format is given. */
export function smallRwkvGraphs(
  architecture: RwkvArchitecture,
  folder: string,
  blocks: BlockFormat | null,
): LanguageGraphs {
  const source = { kind: 'checkpoint', folder } as const;
  const layouts = rwkvKeyLayouts(architecture.tiedEmbeddings);
  return rwkvGraphs(architecture, (emit) => {
    const g = new GraphBuilder();
    g.weightsFrom({ origin: { node: 'rwkv', source, layouts }, blocks }, () => emit(g));
    return g.finish();
  });
}

/** The same seed gives the same weights; `adjust` may change those of a tensor. */
export async function openSmallRwkv(
  bench: NodeBench,
  architecture: RwkvArchitecture,
  seed: number,
  adjust?: (name: string, data: Float32Array) => void,
): Promise<LanguageModel> {
  const folder = await bench.newFolder();
  const graphs = smallRwkvGraphs(architecture, folder, null);
  await writeKnownWeights(folder, [graphs.embed, graphs.decoder.model], seed, adjust);
  return (await openSmallDecoder(bench, graphs)).model;
}
