/** The sample pictures are the scenes that their list names. */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeScene } from '#nodes/input/shapes-caption.ts';
import { paintScene } from '#nodes/input/shapes-picture.ts';
import { drawScene } from '#nodes/input/shapes-scene.ts';
import { decodeImage } from './decode-image.ts';

test('every sample is in the list, and every scene in it is drawn from the seed given there', async () => {
  const folder = join(import.meta.dirname, '../../presets/samples');
  const list = await readFile(join(folder, 'README.md'), 'utf8');
  const rows = [...list.matchAll(/^\| `([a-z-]+)` +\| +(\d+|none) +\| (.+?) +\|$/gm)];
  const files = (await readdir(folder)).filter((file) => file.endsWith('.png'));
  expect(rows.map(([, name]) => `${name}.png`).toSorted()).toEqual(files.toSorted());
  for (const [, name, seed, caption] of rows) {
    if (seed === 'none') continue;
    const scene = drawScene(Number(seed));
    const expected = { ok: true, value: paintScene(scene) };
    expect(await decodeImage(join(folder, `${name}.png`)), name).toEqual(expected);
    expect(caption).toBe(describeScene(scene));
  }
});
