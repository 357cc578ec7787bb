/** Recorded preprocessing of raw pictures. */
import { join } from 'node:path';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import type { AnyNodeDefinition } from '#engine/node/node-definition.ts';
import type { JsonObject } from '#engine/contract/config-files.ts';
import type { PreprocessRecipe } from '#engine/node/host-step.ts';
import { preprocess as definition } from '#nodes/vision/preprocess.ts';
import { decodeImage } from '#host/images/decode-image.ts';
import { preprocess } from '#host/images/preprocess.ts';
import { compareFloats, type Comparison } from './comparison.ts';
import type { CaseCheck } from './case-check.ts';

const preprocessNode: AnyNodeDefinition = definition;

export const checkPreprocess: CaseCheck = async ({
  config,
  folder,
  images = [],
  outputs,
  atol,
}) => {
  const recipe = recipeFrom(config);
  if (!recipe.ok) return { unsupported: recipe.problems.map(({ message }) => message).join(' ') };
  const comparisons: Comparison[] = [];
  for (const path of images) {
    const picture = await decodeImage(join(folder, path));
    if (!picture.ok) return picture;
    const name = `pixel_values.${/([^/]+)\.\w+$/.exec(path)?.[1]}`;
    const expected = outputs.get(name);
    if (expected)
      comparisons.push(
        compareFloats(name, preprocess(picture.value, recipe.value), expected, atol),
      );
  }
  return ok(comparisons);
};

/** The recipe of a preprocessor_config.json. */
export function recipeFrom(config: JsonObject): Outcome<PreprocessRecipe> {
  const taken = preprocessNode.fromConfig?.({ 'preprocessor_config.json': config });
  if (!taken?.ok) return taken ?? fail();
  const { body } = preprocessNode;
  if (body.kind !== 'host') throw new Error('Preprocessing is work of the host.');
  const { size, width } = taken.value.params as { size: number; width?: number | null };
  const params = { width: null, resizeTo: null, ...taken.value.params };
  const step = body.step({
    params,
    inputs: {},
    outputs: { pixels: { kind: 'pixels', height: size, width: width ?? size } },
    wired: new Set(),
    parts: [],
    found: undefined,
    newGraph: () => {
      throw new Error('Preprocessing has no graph.');
    },
  });
  if (step.kind !== 'preprocess') throw new Error('Preprocessing is one step.');
  return ok(step.recipe);
}
