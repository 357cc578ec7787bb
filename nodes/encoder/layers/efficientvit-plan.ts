/** Which blocks the stages of MIT's EfficientViT are made of: its series B for phones, L for larger machines. */
import type { Stage } from '../staged/stage-sizes.ts';

export type Series = 'b' | 'l';

/** Convolutions that look at a place and its neighbours. */
export interface LocalBlock {
  /**
   * `separable`: depthwise, then across; `plain`: two whole ones; `inverted`: across to more channels, depthwise, and
   * back; `fused`: the first two of these as a whole one.
   */
  readonly kind: 'separable' | 'plain' | 'inverted' | 'fused';
  readonly width: number;
  readonly stride: 1 | 2;
  /** Channels inside for each that comes in. */
  readonly expansion: number;
  /** Is only the last of its convolutions normed? */
  readonly fewerNorms: boolean;
}

/** Attention, then a local block. */
export interface AttentionBlock {
  readonly kind: 'attention';
  readonly local: LocalBlock;
}

export type EfficientVitBlock = LocalBlock | AttentionBlock;

/** Stages at the end that attend. */
export const attentionStages: Readonly<Record<Series, number>> = { b: 2, l: 1 };

/** Blocks of each stage, the stem's behind its first convolution. */
export function planOf(
  series: Series,
  stages: readonly Stage[],
): readonly (readonly EfficientVitBlock[])[] {
  return stages.map((stage, index) => {
    const isStem = index === 0;
    const attends = stages.length - index <= attentionStages[series];
    if (isStem) return repeated(stage.depth, stemBlock(series, stage.width));
    return series === 'b' ? smallStage(stage, attends) : largeStage(stage, attends, index > 2);
  });
}

const stemBlock = (series: Series, width: number): LocalBlock => ({
  kind: series === 'b' ? 'separable' : 'plain',
  width,
  stride: 1,
  expansion: 1,
  fewerNorms: false,
});

/** One block halves the map; where the stage attends it is not counted in the depth. */
function smallStage({ width, depth }: Stage, attends: boolean): readonly EfficientVitBlock[] {
  const local = { kind: 'inverted', width, expansion: 4, fewerNorms: attends } as const;
  const inner: LocalBlock = { ...local, stride: 1 };
  return [
    { ...local, stride: 2 },
    ...(attends
      ? repeated<EfficientVitBlock>(depth, { kind: 'attention', local: inner })
      : repeated(depth - 1, inner)),
  ];
}

/** One block halves the map, and is not counted in the depth. */
function largeStage(
  { width, depth }: Stage,
  attends: boolean,
  fewerNorms: boolean,
): readonly EfficientVitBlock[] {
  const local = { kind: fewerNorms ? 'inverted' : 'fused', width, fewerNorms } as const;
  const first: LocalBlock = { ...local, stride: 2, expansion: attends ? 24 : 16 };
  const inner: LocalBlock = { ...local, stride: 1, expansion: attends ? 6 : 4 };
  return [
    first,
    ...repeated<EfficientVitBlock>(depth, attends ? { kind: 'attention', local: inner } : inner),
  ];
}

const repeated = <Item>(count: number, item: Item): readonly Item[] =>
  Array.from({ length: Math.max(0, count) }, () => item);
