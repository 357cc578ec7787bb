import { expect, test } from 'vitest';
import { movingSceneFrames, sceneInMotion } from './moving-scene.ts';
import { paintScene } from './shapes-picture.ts';
import { drawScene, sceneSide } from './shapes-scene.ts';

test('a scene in motion begins as it is drawn still, moves, and stays in the picture', () => {
  expect(paintScene(sceneInMotion(7, 0)).data).toEqual(paintScene(drawScene(7)).data);
  const frames = Array.from({ length: movingSceneFrames }, (_, frame) => sceneInMotion(7, frame));
  const ways = frames.map(({ objects }) =>
    objects.map(({ centreX, centreY }) => [centreX, centreY]),
  );
  expect(new Set(ways.map((places) => JSON.stringify(places))).size).toBeGreaterThan(16);
  for (const { objects } of frames)
    for (const { centreX, centreY, radius } of objects) {
      expect(Math.min(centreX, centreY)).toBeGreaterThanOrEqual(radius);
      expect(Math.max(centreX, centreY)).toBeLessThanOrEqual(sceneSide - radius);
    }
});
