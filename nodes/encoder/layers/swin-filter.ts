/** What may be plugged into a Swin: one part that filters the patches of one picture. */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import {
  estimatedCount,
  knownCount,
  type Grid,
  type TokenCount,
  type WireOf,
} from '#engine/node/wire.ts';
import { windowGrid } from '#engine/onnx/blocks/windows.ts';
import type { DimBindings } from '#engine/onnx/value.ts';
import { keptDims } from './swin-ground.ts';
import type { SwinFigures, SwinStage } from './swin-shape.ts';

/** The share of patches that is expected to stay; null where nothing is filtered. Fails with `parts-conflict`. */
export function keptShareOf(
  parts: readonly WireOf<'encoder-part'>[],
  { views }: WireOf<'pixels'>,
): Outcome<number | null> {
  const [acts, ...others] = parts.map((part) => part.acts);
  if (!acts) return ok(null);
  const refuse = (message: string) => fail(error('parts-conflict', message, { port: 'parts' }));
  if ([acts, ...others].some(({ at }) => at !== 'patches'))
    return refuse(
      'Swin keeps its map from stage to stage, so of encoder parts it takes only one that filters patches before the first layer; unplug the others.',
    );
  if (others.length > 0)
    return refuse(
      `${parts.length} parts would take patches out of the same picture, each not knowing which the other has left; unplug all of them but one.`,
    );
  if ((views?.most ?? 1) > 1)
    return refuse(
      `A part lets the picture decide which patches stay, and ${views?.most} views go through Swin together, which decide otherwise; give it one picture, or unplug the part.`,
    );
  return ok(acts.at === 'patches' ? acts.keptShare : null);
}

/** What is written lies together, so about as large a share is taken to stay of every stage, and of windows. */
const keptOf = ({ rows, columns }: Grid, share: number): number =>
  Math.max(1, Math.round(rows * columns * share));

/** Tokens behind a stage; `share` as {@link keptShareOf} gives it. */
export function tokensBehind(stage: SwinStage, share: number | null): TokenCount {
  const most = stage.grid.rows * stage.grid.columns;
  return share === null ? knownCount(most) : estimatedCount(keptOf(stage.grid, share), most);
}

/** What the sizes are expected to be that the picture decides, or were where `left` tokens were counted behind the last. */
export function filteredDims(
  stages: readonly SwinStage[],
  share: number | null,
  left: TokenCount,
  { windowSize }: Pick<SwinFigures, 'windowSize'>,
): DimBindings {
  if (share === null) return {};
  const counted = left.known ? share : left.tokens / left.most;
  const sizes = stages.map((stage, index) => {
    const { kept, led, windows, shifted } = keptDims(index);
    const count = keptOf(stage.grid, counted);
    const ofWindows = keptOf(windowGrid(stage.grid, windowSize), counted);
    return { [kept]: count, [led]: count + 1, [windows]: ofWindows, [shifted]: ofWindows };
  });
  return Object.assign({}, ...sizes) as DimBindings;
}
