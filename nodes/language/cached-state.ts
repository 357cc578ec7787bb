/** What a decoder keeps of every token from call to call, layer by layer. */
import type { BoundaryPart } from '#engine/node/part.ts';
import { cacheFormats, type CacheFormat } from '#engine/onnx/blocks/cache-format.ts';
import { keySize } from '#engine/onnx/blocks/causal-attention.ts';
import type { KeyValueTensor } from '#engine/node/decoder-protocol.ts';
import { layerWindow } from './architecture/attention.ts';
import type { DecoderArchitecture } from './architecture/decoder-architecture.ts';

/** What a layer keeps of a token: keys, then values, or the latent that both are made of. */
export function keptOf(
  architecture: DecoderArchitecture,
): readonly Pick<KeyValueTensor, 'name' | 'heads' | 'size'>[] {
  const { attention, keyValueHeadCount: heads, headSize, positions } = architecture;
  if (attention === 'latent')
    return [
      { name: 'latent', heads: 1, size: architecture.keyValueRank + architecture.rotaryHeadSize },
    ];
  return [
    { name: 'key', heads, size: keySize({ headSize, linearBiases: positions === 'alibi' }) },
    { name: 'value', heads, size: headSize },
  ];
}

/** What every layer keeps, layer by layer; behind them, which tokens are masked, by segment. */
export function decoderState(
  architecture: DecoderArchitecture,
  boundaries: readonly BoundaryPart[],
  format: CacheFormat = 'float32',
): readonly KeyValueTensor[] {
  const kept = keptOf(architecture).flatMap(({ name, heads, size }) =>
    cacheFormats[format].parts(size).map(({ suffix, ...part }) => ({
      name: `${name}${suffix}`,
      heads,
      size: part.size,
      ...(part.type !== 'float32' && { type: part.type }),
    })),
  );
  const windowOf = layerWindow(architecture);
  const windowIn = (layer: number) => {
    const window = windowOf(layer);
    return window === null ? {} : { window };
  };
  const layers = Array.from({ length: architecture.layerCount }, (_, layer) => layer);
  return [
    ...layers.flatMap((layer) =>
      kept.map(({ name, ...rest }) => ({
        kind: 'key-value' as const,
        name: `${layer}.${name}`,
        ...rest,
        segment: boundaries.filter((boundary) => boundary.layer <= layer).length,
        ...windowIn(layer),
      })),
    ),
    ...maskedSegments(boundaries).map(maskedTensor),
  ];
}

/** Those behind a boundary that masks. */
function maskedSegments(boundaries: readonly BoundaryPart[]): readonly number[] {
  const first = boundaries.findIndex(
    (boundary) => boundary.kind === 'token-reduction' && boundary.pruned === 'masked',
  );
  if (first < 0) return [];
  return boundaries.slice(first).map((_, index) => first + index + 1);
}

/** It is kept as keys are: a number a token. */
export const maskedTensor = (segment: number): KeyValueTensor => ({
  kind: 'key-value',
  name: `masked.${segment}`,
  heads: 1,
  size: 1,
  segment,
});
