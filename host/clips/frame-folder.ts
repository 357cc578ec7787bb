/** A folder of pictures as a clip: its frames in the order of their names, numbers in them by value. */
import { readdir } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import { decodeImage, type RgbImage } from '../images/decode-image.ts';
import { chooseAnotherClip, clipSizeProblem, unreadableClip, type OpenClip } from './open-clip.ts';

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
export async function openFrameFolder(path: string): Promise<Outcome<OpenClip>> {
  const title = basename(path) || path;
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
    framesAt: (places) => decodeFrames(path, title, names, places),
  });
}

async function decodeFrames(
  folder: string,
  title: string,
  names: readonly string[],
  places: readonly number[],
): Promise<Outcome<readonly RgbImage[]>> {
  const frames: RgbImage[] = [];
  for (const place of places) {
    const name = names[place] as string;
    const frame = await decodeImage(join(folder, name));
    if (!frame.ok) return unreadableClip(frame.problems[0]?.message ?? '');
    const first = frames[0] ?? frame.value;
    const { width, height } = frame.value;
    if (width !== first.width || height !== first.height) {
      const sizes = `${width} × ${height} pixels, the frames before it have ${first.width} × ${first.height}`;
      return unreadableClip(
        `"${name}" has ${sizes}; bring all frames of "${title}" to one size, or choose the folder of one clip.`,
      );
    }
    const problem = clipSizeProblem(title, first, places.length);
    if (problem !== null) return unreadableClip(problem);
    frames.push(frame.value);
  }
  return ok(frames);
}
