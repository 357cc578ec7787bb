/** Clips from folders of frames and from animations, and what is said of those that cannot be read. */
import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { evenFrames } from './even-frames.ts';
import { loadClip } from './load-clip.ts';

const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-clips-'));
afterAll(() => rm(folder, { recursive: true }));

/** The first value of red of each frame taken, or the sentence. */
async function seen(path: string, count: number): Promise<readonly number[] | string | undefined> {
  const source = { kind: 'clip', path } as const;
  const frames = await loadClip(source, count, { baseFolder: folder });
  if (frames.ok) return frames.value.map(({ data }) => data[0] as number);
  const [problem] = frames.problems;
  expect(problem).toMatchObject({ code: 'clip-unreadable', param: 'source' });
  return problem?.message;
}

/** One colour; `red` is how the frames are told apart. */
const plain = (red: number, width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: { r: red, g: 40, b: 90 } } });

async function frameFolder(name: string, frames: Readonly<Record<string, number>>) {
  const path = join(folder, name);
  await mkdir(path);
  for (const [file, red] of Object.entries(frames)) await plain(red, 4, 3).toFile(join(path, file));
  return path;
}

/** Far enough apart for the palette of a GIF, which is off by one here and there. */
const redOf = (index: number): number => (index % 5) * 40;
const numberOf = (red: number): number => Math.round(red / 40);

/** So many frames, each unlike the one before. */
async function animation(name: string, count: number, format: 'gif' | 'webp') {
  const frame = 4 * 3 * 3;
  const data = Buffer.alloc(frame * count);
  for (let index = 0; index < count; index++)
    for (let pixel = 0; pixel < frame; pixel += 3) data[index * frame + pixel] = redOf(index);
  const raw = { width: 4, height: 3 * count, channels: 3, pageHeight: 3 } as const;
  const image = sharp(data, { raw, limitInputPixels: false });
  const path = join(folder, name);
  await (
    format === 'gif'
      ? image.gif({ effort: 1, dither: 0, keepDuplicateFrames: true })
      : image.webp({ lossless: true })
  ).toFile(path);
  return path;
}

describe('the frames of a clip', () => {
  it('are chosen as np.linspace over all of them does', () => {
    expect(evenFrames(100, 8)).toEqual([0, 14, 28, 42, 56, 70, 84, 99]);
    expect(evenFrames(3, 8)).toEqual([0, 0, 0, 0, 1, 1, 1, 2]);
    expect(evenFrames(1, 4)).toEqual([0, 0, 0, 0]);
    expect(evenFrames(50, 1)).toEqual([0]);
  });

  it('of a folder come in the order of their numbers, and again where there are fewer', async () => {
    const path = await frameFolder('walk', {
      'frame10.png': 100,
      'frame2.png': 20,
      'frame9.tiff': 90,
      'frame1.webp': 10,
    });
    await writeFile(join(path, 'notes.txt'), 'not a frame');
    expect(await seen(path, 4)).toEqual([10, 20, 90, 100]);
    expect(await seen('walk', 3)).toEqual([10, 20, 100]);
    expect(await seen(path, 7)).toEqual([10, 10, 20, 20, 90, 90, 100]);
  });

  it.for(['gif', 'webp'] as const)('of an animated %s are its pages', async (format) => {
    const path = await animation(`five.${format}`, 5, format);
    const reds = await seen(path, 3);
    expect(Array.isArray(reds) && reds.map(numberOf)).toEqual([0, 2, 4]);
  });

  it('of a GIF of ten thousand frames are decoded alone', async () => {
    const path = await animation('long.gif', 10_000, 'gif');
    expect((await sharp(path).metadata()).pages).toBe(10_000);
    const reds = await seen(path, 4);
    expect(Array.isArray(reds) && reds.map(numberOf)).toEqual(
      [0, 3333, 6666, 9999].map((index) => index % 5),
    );
  });
});

describe('a clip that cannot be read is told in one sentence:', () => {
  const choose =
    'choose a folder of PNG, JPEG, WebP or TIFF frames, an animated GIF or WebP, or a video file.';

  it('none, or none at this place', async () => {
    const none = await loadClip({ kind: 'none' }, 2, { baseFolder: folder });
    expect(none).toMatchObject({ ok: false, problems: [{ code: 'clip-missing' }] });
    expect(await seen('nowhere', 2)).toBe(`There is no clip "nowhere" at this place; ${choose}`);
  });

  it('a folder without frames', async () => {
    const path = join(folder, 'empty');
    await mkdir(path);
    await writeFile(join(path, 'notes.txt'), 'not a frame');
    expect(await seen(path, 2)).toBe(`The folder "empty" holds no frames; ${choose}`);
  });

  it('frames of different sizes', async () => {
    const path = await frameFolder('mixed', { '1.png': 1, '3.png': 3 });
    await plain(2, 5, 3).toFile(join(path, '2.png'));
    expect(await seen(path, 3)).toBe(
      '"2.png" has 5 × 3 pixels, the frames before it have 4 × 3; bring all frames of "mixed" to one size, or choose the folder of one clip.',
    );
    expect(await seen(path, 2)).toEqual([1, 3]);
  });

  it('a frame that is damaged', async () => {
    const path = await frameFolder('torn', { '1.png': 1 });
    await writeFile(join(path, '2.png'), 'no picture');
    expect(await seen(path, 2)).toMatch(/^"2.png" is not a picture that can be read; /);
  });

  it('an animation that is cut short', async () => {
    const path = await animation('whole.gif', 9, 'gif');
    const cut = join(folder, 'cut.gif');
    await writeFile(cut, (await readFile(path)).subarray(0, 40));
    expect(await seen(cut, 2)).toMatch(/^"cut.gif" is damaged or cut short; /);
  });

  it('a single picture, an empty file', async () => {
    await plain(1, 4, 3).toFile(join(folder, 'one.png'));
    expect(await seen('one.png', 2)).toBe(
      `"one.png" is a single picture; wire it to an Image node, or ${choose}`,
    );
    await writeFile(join(folder, 'nothing.mp4'), '');
    expect(await seen('nothing.mp4', 2)).toBe(`"nothing.mp4" is empty; ${choose}`);
  });

  it.skipIf(process.platform === 'win32')('a pipe or a device', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe.mp4')]);
    expect(await seen('pipe.mp4', 2)).toBe(`"pipe.mp4" is neither a file nor a folder; ${choose}`);
    expect(await seen('/dev/zero', 2)).toBe(`"zero" is neither a file nor a folder; ${choose}`);
  });

  it('one that takes too long, or is not wanted any more', async () => {
    const path = await animation('slow.gif', 9, 'gif');
    const load = (bounds: { readonly deadlineMs?: number; readonly signal?: AbortSignal }) =>
      loadClip({ kind: 'clip', path }, 9, { baseFolder: folder, ...bounds });
    expect(await load({ deadlineMs: 0 })).toMatchObject({
      problems: [{ message: expect.stringMatching(/^Decoding "slow.gif" took too long/) }],
    });
    expect(await load({ signal: AbortSignal.abort() })).toMatchObject({
      problems: [{ code: 'run-cancelled' }],
    });
  });

  it('more pixels than are held', async () => {
    const path = join(folder, 'large');
    await mkdir(path);
    await plain(1, 9000, 9000).png({ compressionLevel: 1 }).toFile(join(path, '1.png'));
    for (const name of ['2', '3', '4']) await cp(join(path, '1.png'), join(path, `${name}.png`));
    expect(await seen(path, 4)).toBe(
      '4 frames of "large" with 9000 × 9000 pixels are more than the limit of 268 million pixels in all; take fewer, or scale the clip down first.',
    );
  });
});
