/** Holds the generator to the 200 scenes of the published evaluation set. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { drawScene, type Scene } from './shapes-scene.ts';

const path = join(import.meta.dirname, '../../presets/shapes-eval/scenes.jsonl');
const lines = (await readFile(path, 'utf8')).trim().split('\n');

const triple = z.array(z.number()).length(3);
const recordSchema = z.object({
  seed: z.int(),
  scene: z.strictObject({
    bg: triple,
    gx: z.number(),
    gy: z.number(),
    noise: z.number(),
    sign: z
      .strictObject({
        text: z.string(),
        u: z.number(),
        frame: z.int(),
        cx: z.number(),
        cy: z.number(),
      })
      .nullable(),
    objects: z.array(
      z.strictObject({
        shape: z.string(),
        colour: z.string(),
        size: z.string(),
        r: z.number(),
        cx: z.number(),
        cy: z.number(),
        t: z.number(),
        jitter: triple,
      }),
    ),
  }),
});

test('a seed gives the published values to the last bit', () => {
  const records = lines.map((line) => recordSchema.parse(JSON.parse(line)));
  const drawn = records.map(({ seed }) => ({ seed, scene: publishedForm(drawScene(seed)) }));
  expect(drawn).toEqual(records);
  expect(records.length).toBe(200);
});

/** The names that the published file uses. */
function publishedForm(scene: Scene): z.infer<typeof recordSchema>['scene'] {
  const { sign } = scene;
  return {
    bg: [...scene.background],
    gx: scene.gradientX,
    gy: scene.gradientY,
    noise: scene.noise,
    sign: sign && {
      text: sign.digits,
      u: sign.stroke,
      frame: sign.frame,
      cx: sign.centreX,
      cy: sign.centreY,
    },
    objects: scene.objects.map((object) => ({
      shape: object.shape,
      colour: object.colour,
      size: object.size,
      r: object.radius,
      cx: object.centreX,
      cy: object.centreY,
      t: object.tilt,
      jitter: [...object.jitter],
    })),
  };
}
