/** The picture that a graph names: a file, one of the samples, or a scene drawn on the spot. */
import { join, resolve } from 'node:path';
import { assertNever, fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import type { ImageSource } from '#engine/contract/sources.ts';
import { drawScene } from '#nodes/input/shapes-scene.ts';
import { paintScene } from '#nodes/input/shapes-picture.ts';
import { presetsFolder } from '../system/package-root.ts';
import { decodeImage, type RgbImage } from './decode-image.ts';

/** Relative paths are taken from `baseFolder`. */
export async function loadImage(
  source: ImageSource,
  baseFolder: string,
): Promise<Outcome<RgbImage>> {
  switch (source.kind) {
    case 'none':
      return fail(
        error('image-missing', 'No picture is chosen; choose one in the Image node.', {
          param: 'source',
        }),
      );
    case 'file':
      return decodeImage(resolve(baseFolder, source.path));
    case 'sample':
      return decodeImage(join(presetsFolder, 'samples', `${source.name}.png`));
    case 'scene':
      return ok(paintScene(drawScene(source.seed)));
    default:
      return assertNever(source);
  }
}
