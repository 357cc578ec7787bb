/** Holds the captions to those that the built-in checkpoint was scored on. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { describeScene } from './shapes-caption.ts';
import { drawScene } from './shapes-scene.ts';

const path = join(import.meta.dirname, '../../presets/shapes-eval/scenes.jsonl');
const lines = (await readFile(path, 'utf8')).trim().split('\n');
const recordSchema = z.object({ seed: z.int(), caption: z.string() });

test('all 200 scenes of the evaluation set are described word for word', () => {
  const records = lines.map((line) => recordSchema.parse(JSON.parse(line)));
  const described = records.map(({ seed }) => ({ seed, caption: describeScene(drawScene(seed)) }));
  expect(described).toEqual(records);
});
