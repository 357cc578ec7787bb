/** Pictures that a page hands over are kept once, if they are any, and previews are as small as was asked for. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import { basename, join } from 'node:path';
import sharp from 'sharp';
import { afterAll, expect, test } from 'vitest';
import { fileLimits } from '#engine/contract/file-service.ts';
import type { ImageSource } from '#engine/contract/sources.ts';
import { paintScene } from '#nodes/input/shapes-picture.ts';
import { drawScene } from '#nodes/input/shapes-scene.ts';
import { presetsFolder } from '../system/package-root.ts';
import { LocalFiles } from './local-files.ts';

const data = await mkdtemp(join(os.tmpdir(), 'patchbay-pictures-'));
const files = new LocalFiles(data);
// What is shown here, a person would have chosen.
for (const path of ['/no', os.tmpdir()]) await files.choosePlace({ path });
afterAll(() => rm(data, { recursive: true }));

const samplePath = (name: string): string => join(presetsFolder, 'samples', `${name}.png`);

async function preview(source: ImageSource, maxSide: number, baseFolder?: string) {
  const outcome = await files.picture({ source, maxSide, baseFolder });
  if (!outcome.ok) throw new Error(outcome.problems[0]?.message);
  const { width, height, dataUrl } = outcome.value;
  const [head = '', base64 = ''] = dataUrl.split(',');
  expect(head).toBe('data:image/webp;base64');
  return { width, height, bytes: Buffer.from(base64, 'base64') };
}

test('a picture is kept once, under a name that tells what it is and not what it was called', async () => {
  const bytes = await readFile(samplePath('shapes-ring'));
  const base64 = bytes.toString('base64');
  const first = await files.keepPicture({ name: '../../ring.txt', base64 });
  expect(first).toMatchObject({ ok: true });
  expect(await files.keepPicture({ name: 'other.png', base64 })).toEqual(first);
  const jpeg = await sharp(bytes).jpeg().toBuffer();
  const second = await files.keepPicture({ name: 'x', base64: jpeg.toString('base64') });
  const kept = [first, second].map((outcome) => (outcome.ok ? outcome.value.path : ''));
  expect(kept.map((path) => basename(path)).join()).toMatch(
    /^[0-9a-f]{64}\.png,[0-9a-f]{64}\.jpg$/,
  );
  expect((await readdir(join(data, 'pictures'))).toSorted()).toEqual(
    kept.map((path) => basename(path)).toSorted(),
  );
  expect(await readFile(kept[0] as string)).toEqual(bytes);
});

test.for([
  ['a text that is called a picture', Buffer.from('Hello.'), 'is not a picture that can be read'],
  [
    'half a picture',
    (await readFile(samplePath('still-life'))).subarray(0, 5000),
    'is damaged or cut short',
  ],
  ['nothing', Buffer.alloc(0), 'is empty'],
] as const)('%s is not kept', async ([, bytes, sentence]) => {
  const before = await readdir(data);
  const outcome = await files.keepPicture({ name: 'my.png', base64: bytes.toString('base64') });
  expect(outcome).toMatchObject({
    ok: false,
    problems: [
      {
        code: 'image-unreadable',
        message: expect.stringContaining(`"my.png" ${sentence}`) as string,
      },
    ],
  });
  expect(await readdir(data)).toEqual(before);
});

test('a picture above the limit is not kept either', async () => {
  const base64 = Buffer.alloc(fileLimits.pictureBytes + 1).toString('base64');
  expect(await files.keepPicture({ name: 'big.tif', base64 })).toMatchObject({
    problems: [{ code: 'file-too-large' }],
  });
});

test('a preview shows the picture no larger than asked for, and a drawn one as it is', async () => {
  const photo = await preview({ kind: 'sample', name: 'landscape-lake' }, 640);
  expect(photo).toMatchObject({ width: 1280, height: 853 });
  expect(await sharp(photo.bytes).metadata()).toMatchObject({ width: 640, height: 427 });
  expect(photo.bytes.length).toBeLessThan(100_000);

  const scene = paintScene(drawScene(421));
  const drawn = await preview({ kind: 'scene', seed: 421 }, 512);
  expect(drawn).toMatchObject({ width: 96, height: 96 });
  const shown = await sharp(drawn.bytes).removeAlpha().raw().toBuffer();
  expect(Buffer.compare(shown, Buffer.from(scene.data))).toBe(0);

  const relative = await preview(
    { kind: 'file', path: 'still-life.png' },
    64,
    join(presetsFolder, 'samples'),
  );
  expect(Math.max(...Object.values(await sizeOf(relative.bytes)))).toBe(64);
});

async function sizeOf(bytes: Buffer): Promise<{ readonly width: number; readonly height: number }> {
  const { width, height } = await sharp(bytes).metadata();
  return { width, height };
}

test('a picture that is not there is told', async () => {
  const outcome = await files.picture({
    source: { kind: 'file', path: '/no/such.png' },
    maxSide: 64,
  });
  expect(outcome).toMatchObject({ problems: [{ code: 'image-unreadable' }] });
  expect(await files.picture({ source: { kind: 'none' }, maxSide: 64 })).toMatchObject({
    problems: [{ code: 'image-missing' }],
  });
});

test('a clip is shown by its first frame', async () => {
  const red = { create: { width: 6, height: 4, channels: 3, background: 'red' } } as const;
  const frames = await mkdtemp(join(os.tmpdir(), 'patchbay-frames-'));
  for (const name of ['2.png', '10.png'])
    await sharp({ create: { ...red.create, width: name === '2.png' ? 6 : 9 } }).toFile(
      join(frames, name),
    );
  const outcome = await files.picture({ source: { kind: 'clip', path: frames }, maxSide: 64 });
  expect(outcome).toMatchObject({ ok: true, value: { width: 6, height: 4 } });
  await rm(frames, { recursive: true });
});

test('every sample is listed with a title', async () => {
  const names = (await readdir(join(presetsFolder, 'samples')))
    .filter((name) => name.endsWith('.png'))
    .map((name) => name.slice(0, -'.png'.length));
  const samples = await files.samples();
  expect(samples.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
  expect(samples.every(({ title }) => /^[A-Z].{3,40}$/.test(title))).toBe(true);
});
