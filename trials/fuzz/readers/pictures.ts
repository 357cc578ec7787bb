/** Readers of pictures and clips. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { loadClip } from '#host/clips/load-clip.ts';
import { readPixmaps } from '#host/clips/read-pixmaps.ts';
import { decodePixels, type RgbImage } from '#host/images/decode-image.ts';
import { packageRoot } from '#host/system/package-root.ts';
import { bytesSample, onDisk, type Reader } from './reader.ts';

const recorded = join(packageRoot, 'verify', 'recorded', 'decode');

export const pictureReader: Reader = {
  name: 'picture',
  about: 'PNG, JPEG, WebP, GIF, TIFF and AVIF pictures, decoded',
  async samples() {
    const names = (await readdir(recorded)).filter((name) => !name.endsWith('.json'));
    return Promise.all(
      names.map(async (name) => bytesSample(name, await readFile(join(recorded, name)))),
    );
  },
  async read({ bytes, file }) {
    const image = await decodePixels(bytes, file);
    if (image.ok) isWhole(image.value);
    return image;
  },
};

function isWhole({ width, height, data }: RgbImage): void {
  if (width < 1 || height < 1 || data.length !== width * height * 3)
    throw new Error(`${data.length} bytes for ${width} × ${height} pixels`);
}

export const clipReader: Reader = {
  name: 'clip',
  about: 'animated GIF and WebP, and folders of frames, three frames taken of each',
  async samples() {
    const frame = await sharp({ create: { width: 6, height: 4, channels: 3, background: '#842' } })
      .png()
      .toBuffer();
    const animations = ['animated.gif', 'animated.webp'].map(async (name) =>
      bytesSample(name, await readFile(join(recorded, name))),
    );
    const second = { ...bytesSample('frame2.png', frame), beside: { 'frame1.png': frame } };
    return [...(await Promise.all(animations)), second];
  },
  read: onDisk(async (folder, path) => {
    const frames = await loadClip(
      { kind: 'clip', path: path.endsWith('.png') ? folder : path },
      3,
      {
        baseFolder: folder,
      },
    );
    if (frames.ok) for (const frame of frames.value) isWhole(frame);
    return frames;
  }),
};

const pixmap = (width: number, height: number): Buffer =>
  Buffer.concat([
    Buffer.from(`P6\n${width} ${height}\n255\n`),
    Buffer.alloc(width * height * 3, 7),
  ]);

export const pixmapsReader: Reader = {
  name: 'pixmaps',
  about: 'the frames that ffmpeg writes into a pipe',
  samples: () =>
    Promise.resolve([
      bytesSample('frames.ppm', pixmap(4, 3)),
      bytesSample('frames.ppm', Buffer.concat([pixmap(2, 2), pixmap(1, 5), pixmap(16, 16)])),
    ]),
  read({ bytes }): Outcome<null> {
    const images = readPixmaps(bytes);
    if (images === null) return fail(error('clip-unreadable', 'These are no pixmaps.'));
    for (const image of images) isWhole(image);
    return ok(null);
  },
};
