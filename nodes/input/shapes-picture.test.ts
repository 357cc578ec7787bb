/** Holds the painter to the bytes of the published pictures. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { paintScene } from './shapes-picture.ts';
import { drawScene } from './shapes-scene.ts';

const path = join(import.meta.dirname, '../../presets/shapes-eval/scenes.jsonl');
const lines = (await readFile(path, 'utf8')).trim().split('\n');
const recordSchema = z.object({ seed: z.int(), pixels_sha256: z.string() });

function hashOfScene(seed: number): string {
  return createHash('sha256')
    .update(paintScene(drawScene(seed)).data)
    .digest('hex');
}

test("seed 100000 has the bytes that the generator's description gives", () => {
  const published = 'de75c5234870599bf38aeb9253e28cc8918efc67ca930913bf76e8f00bf3927c';
  expect(hashOfScene(100_000)).toBe(published);
});

test('all 200 pictures of the evaluation set are redrawn byte for byte', () => {
  const records = lines.map((line) => recordSchema.parse(JSON.parse(line)));
  const drawn = records.map(({ seed }) => ({ seed, pixels_sha256: hashOfScene(seed) }));
  expect(drawn).toEqual(records);
  expect(records.length).toBe(200);
});
