/** A folder of pictures as a clip: its frames in the order of their names, numbers in them by value. */
import { readdir } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import { decodeImage, type RgbImage } from '../images/decode-image.ts';
import {
  chooseAnotherClip,
  decodeInTurn,
  unreadableClip,
  type DecodingBounds,
  type OpenClip,
} from './open-clip.ts';

const frameExtensions: ReadonlySet<string> = new Set([
  '.png',
  '.jpg',
  '.jpeg',
  '.webp',
  '.tif',
  '.tiff',
]);

/** `frame2` before `frame10`. */
const byName = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/** Fails with `clip-unreadable` where there is no frame; other files are left aside. */
export async function openFrameFolder(
  path: string,
  bounds: DecodingBounds,
): Promise<Outcome<OpenClip>> {
  const title = titleOf(path);
  let entries: readonly string[];
  try {
    entries = await readdir(path);
  } catch (cause) {
    const { code = 'unknown error' } = cause as NodeJS.ErrnoException;
    return unreadableClip(
      `The folder "${title}" cannot be read (${code}); allow it, or ${chooseAnotherClip}.`,
    );
  }
  const names = entries
    .filter((name) => !name.startsWith('.') && frameExtensions.has(extname(name).toLowerCase()))
    .toSorted(byName.compare);
  if (names.length === 0)
    return unreadableClip(`The folder "${title}" holds no frames; ${chooseAnotherClip}.`);
  return ok({
    countFrames: () => Promise.resolve(ok(names.length)),
    framesAt: (places) => decodeFrames(path, names, places, bounds),
  });
}

function decodeFrames(
  folder: string,
  names: readonly string[],
  places: readonly number[],
  bounds: DecodingBounds,
): Promise<Outcome<readonly RgbImage[]>> {
  const title = titleOf(folder);
  let first: RgbImage | null = null;
  return decodeInTurn(title, places, bounds, async (place) => {
    const name = names[place] as string;
    const frame = await decodeImage(join(folder, name));
    if (!frame.ok) return frame;
    first ??= frame.value;
    const { width, height } = frame.value;
    if (width === first.width && height === first.height) return frame;
    const sizes = `${width} × ${height} pixels, the frames before it have ${first.width} × ${first.height}`;
    return unreadableClip(
      `"${name}" has ${sizes}; bring all frames of "${title}" to one size, or choose the folder of one clip.`,
    );
  });
}

const titleOf = (folder: string): string => basename(folder) || folder;
