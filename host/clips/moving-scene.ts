/** A drawn clip: frames are painted when they are asked for. */
import { ok } from '#engine/contract/outcome.ts';
import { movingSceneFrames, sceneInMotion } from '#nodes/input/moving-scene.ts';
import { paintScene } from '#nodes/input/shapes-picture.ts';
import type { OpenClip } from './open-clip.ts';

export const openMovingScene = (seed: number): OpenClip => ({
  countFrames: () => Promise.resolve(ok(movingSceneFrames)),
  framesAt: (places) =>
    Promise.resolve(ok(places.map((place) => paintScene(sceneInMotion(seed, place))))),
});
