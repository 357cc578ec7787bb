/** What an encoder of stages gives: the map of one stage as tokens on a grid, and tokens that stand for all of it. */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { knownCount, sameViews, type Grid, type WireOf } from '#engine/node/wire.ts';

/** An encoder of stages as its parameters choose it. */
export interface StagedEncoder {
  readonly title: string;
  /** Channels of the map that each stage leaves. */
  readonly channels: readonly number[];
  /** Pixels along one side of a place of the first stage's map; every further stage doubles them. */
  readonly firstStride: number;
  /** What becomes of pixels at the right and below that fill no place. */
  readonly rest: 'dropped' | 'kept';
  /** From one stage on, counted from 0, maps are stretched to whole patches of so many places a side. */
  readonly patches?: { readonly from: number; readonly side: number };
  /** Where the features are taken, counted from the end: −1 is the last stage. */
  readonly featureStage: number;
  readonly imageSize: number;
}

export interface StageFeatures {
  /** Stages that run. */
  readonly usedStages: number;
  /** The map of the feature stage, row by row. */
  readonly patches: WireOf<'tokens'>;
  /** The same behind one token of the whole picture. */
  readonly all: WireOf<'tokens'>;
  /** The maps of all stages that run, at the size of the first. */
  readonly joined: WireOf<'tokens'>;
  /** One token that stands for the whole picture. */
  readonly single: WireOf<'tokens'>;
}

export const usedStagesOf = ({
  channels,
  featureStage,
}: Pick<StagedEncoder, 'channels' | 'featureStage'>): number => channels.length + featureStage + 1;

/**
 * Fails with `arrangement-unsupported` for a stage that there is not, and `dimension-mismatch` for pixels that leave
 * no place of its map.
 */
export function stageFeatures(
  encoder: StagedEncoder,
  pixels: WireOf<'pixels'>,
): Outcome<StageFeatures> {
  const { title, channels, firstStride, imageSize } = encoder;
  const usedStages = usedStagesOf(encoder);
  const width = channels[usedStages - 1];
  if (width === undefined) {
    const message = `${title} has ${channels.length} stages; choose a feature stage from −${channels.length} to −1.`;
    return fail(error('arrangement-unsupported', message, { param: 'featureStage' }));
  }
  const grid = gridOf(encoder, pixels, usedStages);
  if (grid.rows < 1 || grid.columns < 1) {
    const message =
      `A picture of ${pixels.width} × ${pixels.height} pixels is smaller than one place of the map, ${firstStride * 2 ** (usedStages - 1)} px; ` +
      `set the preprocessing's size to ${imageSize}.`;
    return fail(error('dimension-mismatch', message, { port: 'pixels' }));
  }
  const tokens = { kind: 'tokens', ...sameViews(pixels), prefixTokens: 0 } as const;
  const on = (map: Grid, depth: number) => ({
    ...tokens,
    channels: depth,
    count: knownCount(map.rows * map.columns),
    grid: map,
  });
  const patches = on(grid, width);
  const together = channels.slice(0, usedStages).reduce((sum, each) => sum + each, 0);
  return ok({
    usedStages,
    patches,
    all: { ...patches, count: knownCount(patches.count.tokens + 1), prefixTokens: 1 },
    joined: on(gridOf(encoder, pixels, 1), together),
    single: { ...patches, count: knownCount(1), grid: null },
  });
}

/** Places of the map that so many stages leave. */
function gridOf(
  { firstStride, rest, patches }: StagedEncoder,
  { height, width }: { readonly height: number; readonly width: number },
  stages: number,
): Grid {
  const whole = rest === 'kept' ? Math.ceil : Math.floor;
  const along = (pixels: number): number => {
    let places = whole(pixels / firstStride);
    for (let stage = 1; stage < stages; stage++) {
      places = whole(places / 2);
      if (patches && stage >= patches.from)
        places = patches.side * Math.ceil(places / patches.side);
    }
    return places;
  };
  return { rows: along(height), columns: along(width) };
}
