/** The ONNX graphs of an RWKV language model: the embedding table, and all of its blocks. */
import {
  pastName,
  type LanguageGraphs,
  type RecurrentTensor,
} from '#engine/node/decoder-protocol.ts';
import { addAndNorm, norm, type Norm } from '#engine/onnx/blocks/norm.ts';
import { tokenShift } from '#engine/onnx/blocks/token-shift.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import type { StageModel } from '#engine/onnx/model.ts';
import { subtract } from '#engine/onnx/operators.ts';
import type { Value } from '#engine/onnx/value.ts';
import { recurrentGraphs, type RecurrentModel, type RecurrentPass } from './recurrent-graphs.ts';
import type { Generation, RwkvArchitecture } from './rwkv-architecture.ts';
import { emitChannelMix } from './rwkv-channel-mix.ts';
import {
  embeddingName,
  embeddingNormName,
  finalNormName,
  headName,
  rwkvLayerNames,
} from './rwkv-names.ts';
import { timeMix4 } from './rwkv-time-mix-4.ts';
import { timeMix5 } from './rwkv-time-mix-5.ts';
import { timeMix6 } from './rwkv-time-mix-6.ts';
import type { MovingTokens, TimeMix } from './rwkv-time-mix.ts';

const timeMixes: Readonly<Record<Generation, TimeMix>> = {
  4: timeMix4,
  5: timeMix5,
  6: timeMix6,
};

export function rwkvGraphs(
  architecture: RwkvArchitecture,
  newGraph: (emit: (g: GraphBuilder) => void) => StageModel,
): LanguageGraphs {
  const model: RecurrentModel = {
    words: { ...architecture, embedding: embeddingName, head: headName },
    state: rwkvState(architecture),
    emit: (g, embeddings) => emitRwkvBlocks(g, embeddings, architecture),
  };
  return recurrentGraphs(model, newGraph);
}

/** Of each layer: the last token of the time mix and what it remembers, then the last token of the channel mix. */
export function rwkvState(architecture: RwkvArchitecture): readonly RecurrentTensor[] {
  const { hiddenSize, layerCount, generation } = architecture;
  const last = { shape: [1, 1, hiddenSize] };
  const each = [
    { name: 'time-mix.last', ...last },
    ...timeMixes[generation].state(architecture),
    { name: 'channel-mix.last', ...last },
  ];
  return Array.from({ length: layerCount }, (_, layer) =>
    each.map(({ name, shape }) => ({
      kind: 'recurrent' as const,
      name: `${layer}.${name}`,
      shape,
    })),
  ).flat();
}

/**
 * embeddings [1, T, D] → what leaves the last norm, [1, T, D], and the state behind the last token; the state before
 * the first is an input of the graph. Taps: `embeddings`, what enters the first block; `block.<layer>`, what leaves a
 * block; `time-mix.<layer>` and `channel-mix.<layer>`, what the two add to it; `final`.
 *
 * Visual tokens take the place of embeddings, so that the norm of these is theirs too. What libraries divide and
 * multiply by 2 every few layers (`rescale_every`) keeps half precision from overflowing; here numbers are float32.
 */
export function emitRwkvBlocks(
  g: GraphBuilder,
  embeddings: Value,
  architecture: RwkvArchitecture,
): RecurrentPass {
  const { layerCount, generation, normEpsilon: epsilon } = architecture;
  const norms: Norm = { kind: 'layer', epsilon };
  const tensors = rwkvState(architecture);
  const perLayer = tensors.length / layerCount;
  const state: (readonly [RecurrentTensor, Value])[] = [];
  let sum = g.tap('embeddings', norm(g, embeddings, embeddingNormName, norms));
  let normed = norm(g, sum, rwkvLayerNames(0).timeNorm, norms);
  for (let layer = 0; layer < layerCount; layer++) {
    const names = rwkvLayerNames(layer);
    const next = layer + 1 < layerCount ? rwkvLayerNames(layer + 1).timeNorm : finalNormName;
    const own = tensors.slice(layer * perLayer, (layer + 1) * perLayer);
    const past = own.map((tensor) => g.input(pastName(tensor), 'float32', tensor.shape));
    g.scope(`layers.${layer}`, () => {
      const seen = moving(g, normed, past[0] as Value);
      const memories = past.slice(1, -1);
      const mixed = g.scope('time-mix', () =>
        timeMixes[generation].emit(g, seen.tokens, names.timeMix, architecture, memories),
      );
      g.tap(`time-mix.${layer}`, mixed.output);
      ({ sum, normed } = addAndNorm(g, sum, mixed.output, names.channelNorm, norms));
      const then = moving(g, normed, past.at(-1) as Value);
      const added = g.scope('channel-mix', () =>
        emitChannelMix(g, then.tokens, names.channelMix, architecture),
      );
      g.tap(`channel-mix.${layer}`, added);
      ({ sum, normed } = addAndNorm(g, sum, added, next, norms));
      g.tap(`block.${layer}`, sum);
      const after = [seen.last, ...mixed.state, then.last];
      state.push(...own.map((tensor, at) => [tensor, after[at] as Value] as const));
    });
  }
  return { final: g.tap('final', normed), state };
}

function moving(
  g: GraphBuilder,
  x: Value,
  past: Value,
): { readonly tokens: MovingTokens; readonly last: Value } {
  const { previous, last } = tokenShift(g, x, past);
  return { tokens: { x, change: subtract(g, previous, x) }, last };
}
