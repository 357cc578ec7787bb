/** Cases of raw pictures and the pixels that a processor makes of them. */
import { join } from 'node:path';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { checkGraph, type CheckedNode } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import type { PreprocessRecipe } from '#engine/node/host-step.ts';
import { bodyContext } from '#engine/plan/node-body.ts';
import { decodeImage } from '#host/images/decode-image.ts';
import { preprocess } from '#host/images/preprocess.ts';
import { catalogue } from '#nodes/index.ts';
import type { Driver } from './case-check.ts';
import type { PreprocessRow } from '../cases/case-row.ts';
import { compareTensors, type Comparison, type ComputedTensor } from '../cases/comparison.ts';
import { setNode, type SetNode } from './node-params.ts';

export const preprocessDriver: Driver<PreprocessRow> = async (row, recorded) => {
  const { config, folder, images = [], outputs, atol } = recorded;
  const files = { 'preprocessor_config.json': config, ...recorded.files };
  const node = setNode(row.node, recorded, files);
  if (typeof node === 'string') return { unsupported: node };
  const comparisons: Comparison[] = [];
  for (const path of images) {
    const name = `pixel_values.${/([^/]+)\.\w+$/.exec(path)?.[1]}`;
    const expected = outputs.get(name);
    if (!expected) continue;
    const pixels = await pixelsOf(node, join(folder, path));
    if (!pixels.ok) return pixels;
    comparisons.push(compareTensors(name, pixels.value, expected, atol));
  }
  return ok(comparisons);
};

/** A picture's file through the node → [1, 3, height, width]. */
export async function pixelsOf(node: SetNode, path: string): Promise<Outcome<ComputedTensor>> {
  const recipe = recipeOf(node);
  if (!recipe.ok) return recipe;
  const picture = await decodeImage(path);
  if (!picture.ok) return picture;
  const { crop, resizeTo } = recipe.value;
  const height = crop?.height ?? resizeTo;
  const width = crop?.width ?? resizeTo;
  return ok({ shape: [1, 3, height, width], data: preprocess(picture.value, recipe.value) });
}

function recipeOf({ definition, params }: SetNode): Outcome<PreprocessRecipe> {
  const document = sketchDocument(
    { image: ['input/image'], preprocess: [definition.type, params] },
    ['image.image > preprocess.image'],
  );
  const checked = checkGraph(document, catalogue);
  const errors = checked.problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) return fail(...errors);
  const node = checked.nodes['preprocess'] as CheckedNode;
  const body = node.definition?.body;
  const step = body?.kind === 'host' ? body.step(bodyContext(checked, node)) : null;
  if (step?.kind !== 'preprocess') throw new Error(`"${definition.type}" makes no pixels.`);
  return ok(step.recipe);
}
