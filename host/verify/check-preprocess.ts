/** Recorded preprocessing of raw pictures. */
import { join } from 'node:path';
import { ok } from '#engine/contract/outcome.ts';
import type { Json } from '#engine/contract/document.ts';
import type { PreprocessRecipe } from '#engine/plan/host-step.ts';
import { decodeImage } from '../images/decode-image.ts';
import { preprocess } from '../images/preprocess.ts';
import { compareFloats, type Comparison } from './comparison.ts';
import type { CaseCheck } from './verify-case.ts';

export const checkPreprocess: CaseCheck = async ({
  config,
  folder,
  images = [],
  outputs,
  atol,
}) => {
  const recipe = recipeFromConfig(config);
  if (typeof recipe === 'string') return { unsupported: recipe };
  const comparisons: Comparison[] = [];
  for (const path of images) {
    const picture = await decodeImage(join(folder, path));
    if (!picture.ok) return picture;
    const name = `pixel_values.${/([^/]+)\.\w+$/.exec(path)?.[1]}`;
    const expected = outputs.get(name);
    if (expected)
      comparisons.push(compareFloats(name, preprocess(picture.value, recipe), expected, atol));
  }
  return ok(comparisons);
};

const supportedProcessors: ReadonlySet<string> = new Set([
  'CLIPImageProcessor',
  'LlavaImageProcessor',
  'SiglipImageProcessor',
]);

/** The recipe of a preprocessor_config.json; where it asks for more than a recipe holds, the reason as a string. */
export function recipeFromConfig(
  config: Readonly<Record<string, Json>>,
): PreprocessRecipe | string {
  const type = config['image_processor_type'];
  const size = config['size'] as Readonly<Record<string, number>> | undefined;
  const mean = config['image_mean'] as PreprocessRecipe['mean'];
  const deviation = config['image_std'] as PreprocessRecipe['deviation'];
  if (
    typeof type !== 'string' ||
    !supportedProcessors.has(type) ||
    config['resample'] !== 3 ||
    !size
  ) {
    return `the image processor ${JSON.stringify(type)} as configured`;
  }
  if (type === 'SiglipImageProcessor') {
    if (size['height'] !== size['width'] || config['do_center_crop'] === true)
      return 'a picture that is not square';
    return {
      padToSquare: false,
      resize: 'square',
      resizeTo: size['height'] ?? 0,
      crop: null,
      mean,
      deviation,
    };
  }
  const crop = config['crop_size'] as { readonly height: number; readonly width: number };
  return {
    padToSquare: config['do_pad'] === true,
    resize: 'shortest-edge',
    resizeTo: size['shortest_edge'] ?? 0,
    crop: { height: crop.height, width: crop.width },
    mean,
    deviation,
  };
}
