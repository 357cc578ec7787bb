/** Pictures of another size than a graph is built for, where what becomes of a picture depends on its size. */
import { error, type Problem } from '#engine/contract/problem.ts';
import type { PreprocessRecipe, TileRecipe } from '#engine/node/host-step.ts';
import { ruledSize } from '#nodes/vision/size-rules.ts';
import { slicePlan } from '#nodes/vision/slice-plan.ts';
import type { PictureSize } from '#nodes/vision/tile-grids.ts';
import { sightsOf } from './picture-views.ts';
import type { StageValue } from './stage-value.ts';

/** Why one of the pictures cannot be among the others; null where all become what is planned. */
export function unplannedPicture(
  values: readonly StageValue[],
  recipe: PreprocessRecipe | TileRecipe,
): Problem | null {
  const become = becoming(recipe);
  if (!become) return null;
  for (const { image } of sightsOf(values)) {
    const becomes = become.of(image);
    if (becomes === become.planned) continue;
    const message =
      `A picture of ${image.width} × ${image.height} pixels becomes ${becomes}, and the graph is built for ` +
      `${become.planned}; set the size of the pictures to ${image.width} × ${image.height}.`;
    return error('dimension-mismatch', message, { port: 'image' });
  }
  return null;
}

/** What a picture becomes, and what it should, in words; null where that does not depend on its size. */
function becoming(
  recipe: PreprocessRecipe | TileRecipe,
): { readonly planned: string; readonly of: (image: PictureSize) => string } | null {
  if ('scheme' in recipe) {
    if (recipe.scheme !== 'slice') return null;
    return {
      planned: slicesText(recipe),
      of: (image) => slicesText(slicePlan(image, recipe.rule)),
    };
  }
  const { sizeRule, resizeTo } = recipe;
  if (!sizeRule || typeof resizeTo === 'number' || !('height' in resizeTo)) return null;
  return { planned: sizeText(resizeTo), of: (image) => sizeText(ruledSize(image, sizeRule)) };
}

const sizeText = ({ width, height }: PictureSize): string => `${width} × ${height} pixels`;

const slicesText = (plan: ReturnType<typeof slicePlan>): string =>
  plan
    ? `${plan.grid.rows} × ${plan.grid.columns} slices of ${sizeText(plan.slice)}`
    : 'no slices at all';
