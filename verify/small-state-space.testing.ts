/** Test support: small state-space models with known weights. */
import type { LanguageGraphs } from '#engine/node/decoder-protocol.ts';
import { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import type { BlockFormat } from '#engine/onnx/weight.ts';
import type { LanguageModel } from '#host/language/language-model.ts';
import { writeKnownWeights } from '#host/weights/known-weights.testing.ts';
import type { MambaArchitecture } from '#nodes/language/mamba-architecture.ts';
import { mambaMixer } from '#nodes/language/mamba-mixer.ts';
import type { Mamba2Architecture } from '#nodes/language/mamba2-architecture.ts';
import { mamba2Mixer } from '#nodes/language/mamba2-mixer.ts';
import type { StateSpaceArchitecture } from '#nodes/language/state-space-architecture.ts';
import { stateSpaceGraphs, type Mixer } from '#nodes/language/state-space-graph.ts';
import { stateSpaceKeyLayouts } from '#nodes/language/state-space-names.ts';
import type { NodeBench } from './node-bench.testing.ts';
import { openSmallDecoder } from './small-decoder.testing.ts';

/** An architecture with the blocks that it is of. */
export interface StateSpaceModel {
  readonly architecture: StateSpaceArchitecture;
  readonly mixer: Mixer;
}

const small = {
  vocabularySize: 97,
  hiddenSize: 32,
  layerCount: 3,
  innerSize: 64,
  stateSize: 6,
  kernelSize: 4,
  projectionBias: false,
  convolutionBias: true,
  norm: 'rms',
  normEpsilon: 1e-5,
  tiedEmbeddings: true,
} as const;

export const smallMamba = (changed: Partial<MambaArchitecture> = {}): StateSpaceModel =>
  mambaModel({ ...small, stepRank: 3, innerNorm: 'none', innerNormEpsilon: 1e-6, ...changed });

export const smallMamba2 = (changed: Partial<Mamba2Architecture> = {}): StateSpaceModel =>
  mamba2Model({ ...small, headSize: 8, groupCount: 1, normGroupCount: 1, ...changed });

export const mambaModel = (architecture: MambaArchitecture): StateSpaceModel => ({
  architecture,
  mixer: mambaMixer(architecture),
});

export const mamba2Model = (architecture: Mamba2Architecture): StateSpaceModel => ({
  architecture,
  mixer: mamba2Mixer(architecture),
});

/** Graphs whose weights are a checkpoint's in `folder`, in blocks where a format is given. */
export function graphsOf(
  { architecture, mixer }: StateSpaceModel,
  folder: string,
  blocks: BlockFormat | null,
): LanguageGraphs {
  const source = { kind: 'checkpoint', folder } as const;
  const layouts = stateSpaceKeyLayouts('Mamba', architecture.tiedEmbeddings);
  return stateSpaceGraphs(architecture, mixer, (emit) => {
    const g = new GraphBuilder();
    g.weightsFrom({ origin: { node: 'mamba', source, layouts }, blocks }, () => emit(g));
    return g.finish();
  });
}

/** The same seed gives the same weights. */
export async function openStateSpaceModel(
  bench: NodeBench,
  model: StateSpaceModel,
  seed: number,
): Promise<LanguageModel> {
  const folder = await bench.newFolder();
  const graphs = graphsOf(model, folder, null);
  await writeKnownWeights(folder, [graphs.embed, graphs.decoder.model], seed);
  return (await openSmallDecoder(bench, graphs)).model;
}
