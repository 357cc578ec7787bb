/** What a model is given to see, as pictures again: the frames of a clip, or prepared pixels with their normalisation undone. */
import type { PixelRecipe } from '#engine/node/host-step.ts';
import type { View } from '#engine/node/view.ts';
import type { Stage } from '#engine/plan/plan.ts';
import type { RgbImage } from '../images/decode-image.ts';
import type { Tensor } from '../sessions/sessions.ts';
import { sightsOf } from '../stages/picture-views.ts';
import type { Batch, StageOutputs, StageValue } from '../stages/stage-value.ts';

export interface SeenView {
  readonly view: View;
  readonly width: number;
  readonly height: number;
  /** Made only of what is shown. */
  readonly image: () => RgbImage;
}

/** The views at a port of a stage that has run; null where they are none that can be drawn. */
export function seenViews(
  stage: Stage,
  outputs: StageOutputs | undefined,
  port: string,
): readonly SeenView[] | null {
  const value = outputs?.[port];
  if (value?.kind === 'image') return framesOf(value);
  const recipe = recipeOf(stage);
  if (value?.kind !== 'tensors' || recipe === null) return null;
  return value.batches.flatMap((batch) => viewsOf(batch, recipe));
}

/** The pixels that a stage's views come from, through whatever stages lie between. */
export function viewsBehind(
  stage: Stage,
  stages: readonly Stage[],
  outputsOf: (stage: string) => StageOutputs | undefined,
): readonly SeenView[] | null {
  const before = Object.values(stage.inputs).flat();
  for (const { stage: id, port } of before) {
    const from = stages.find((other) => other.id === id);
    const seen = from ? seenViews(from, outputsOf(id), port) : null;
    if (seen) return seen;
  }
  for (const { stage: id } of before) {
    const from = stages.find((other) => other.id === id);
    const seen = from ? viewsBehind(from, stages, outputsOf) : null;
    if (seen) return seen;
  }
  return null;
}

/** All that a language model is given to see, wire by wire. */
export const viewsRead = (
  { inputs, roles }: Stage,
  stages: readonly Stage[],
  outputsOf: (stage: string) => StageOutputs | undefined,
): readonly SeenView[] =>
  (inputs[roles.visual ?? ''] ?? []).flatMap(({ stage: id }) => {
    const from = stages.find((other) => other.id === id);
    return (from && viewsBehind(from, stages, outputsOf)) ?? [];
  });

function recipeOf({ body }: Stage): PixelRecipe | null {
  if (body.kind !== 'host') return null;
  const { step } = body;
  return step.kind === 'preprocess' || step.kind === 'tile' ? step.recipe : null;
}

function framesOf(value: Extract<StageValue, { kind: 'image' }>): readonly SeenView[] {
  return sightsOf([value]).map(({ image, view }) => {
    const { width, height } = image;
    return { view, width, height, image: () => image };
  });
}

function viewsOf({ tensors, views }: Batch, recipe: PixelRecipe): readonly SeenView[] {
  const pixels = tensors['']; // [views, 3, H, W]
  const [, , height = 0, width = 0] = pixels?.dims ?? [];
  if (!pixels || pixels.dims.length !== 4) return [];
  return views.map((view, index) => ({
    view,
    width,
    height,
    image: () => denormalise(pixels, index, recipe),
  }));
}

/** One view of [views, 3, H, W] as grey levels of three channels. */
function denormalise({ data, dims }: Tensor, index: number, recipe: PixelRecipe): RgbImage {
  const [, , height = 0, width = 0] = dims;
  const planeSize = height * width;
  const from = data as Float32Array;
  const levels = new Uint8Array(3 * planeSize);
  for (let channel = 0; channel < 3; channel++) {
    const [mean, deviation] = [recipe.mean[channel] ?? 0, recipe.deviation[channel] ?? 1];
    const start = (3 * index + channel) * planeSize;
    for (let place = 0; place < planeSize; place++) {
      const share = (from[start + place] ?? 0) * deviation + mean;
      levels[3 * place + channel] = Math.min(255, Math.max(0, Math.round(255 * share)));
    }
  }
  return { width, height, data: levels };
}
