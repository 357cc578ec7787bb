/** Test support: a small Mamba with known weights. */
import type { LanguageGraphs } from '#engine/node/decoder-protocol.ts';
import { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import type { BlockFormat } from '#engine/onnx/weight.ts';
import type { LanguageModel } from '#host/language/language-model.ts';
import { writeKnownWeights } from '#host/weights/known-weights.testing.ts';
import type { MambaArchitecture } from '#nodes/language/mamba-architecture.ts';
import { mambaGraphs } from '#nodes/language/mamba-graph.ts';
import { mambaKeyLayouts } from '#nodes/language/mamba-names.ts';
import type { NodeBench } from './node-bench.testing.ts';
import { openSmallDecoder } from './small-decoder.testing.ts';

export const smallMamba: MambaArchitecture = {
  vocabularySize: 97,
  hiddenSize: 32,
  layerCount: 3,
  innerSize: 64,
  stateSize: 6,
  kernelSize: 4,
  stepRank: 3,
  projectionBias: false,
  convolutionBias: true,
  norm: 'rms',
  normEpsilon: 1e-5,
  tiedEmbeddings: true,
};

/** Graphs whose weights are a checkpoint's in `folder`, in blocks where a format is given. */
export function smallMambaGraphs(
  architecture: MambaArchitecture,
  folder: string,
  blocks: BlockFormat | null,
): LanguageGraphs {
  const source = { kind: 'checkpoint', folder } as const;
  const layouts = mambaKeyLayouts(architecture.tiedEmbeddings);
  return mambaGraphs(architecture, (emit) => {
    const g = new GraphBuilder();
    g.weightsFrom({ origin: { node: 'mamba', source, layouts }, blocks }, () => emit(g));
    return g.finish();
  });
}

/** The same seed gives the same weights. */
export async function openSmallMamba(
  bench: NodeBench,
  architecture: MambaArchitecture,
  seed: number,
): Promise<LanguageModel> {
  const folder = await bench.newFolder();
  const graphs = smallMambaGraphs(architecture, folder, null);
  await writeKnownWeights(folder, [graphs.embed, graphs.decoder.model], seed);
  return (await openSmallDecoder(bench, graphs)).model;
}
