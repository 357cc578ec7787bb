/** A Shapes scene in motion: each of its shapes goes once around a circle of its own. */
import { drawScene, sceneSide, type Scene } from './shapes-scene.ts';

/** Frames of the whole clip, after which it would begin again. */
export const movingSceneFrames = 32;

/** Pixels from where a shape stands in the scene to the middle of its way. */
const reachPx = 9;

/** The same seed and frame give the same scene everywhere; frame 0 is the scene as it is drawn still. */
export function sceneInMotion(seed: number, frame: number): Scene {
  const scene = drawScene(seed);
  const objects = scene.objects.map((object, index) => {
    const turns = frame / movingSceneFrames;
    const angle = 2 * Math.PI * turns * (index % 2 === 0 ? 1 : -1);
    const within = (centre: number): number =>
      Math.min(Math.max(centre, object.radius), sceneSide - object.radius);
    return {
      ...object,
      centreX: within(object.centreX + reachPx * Math.sin(angle)),
      centreY: within(object.centreY + reachPx * (1 - Math.cos(angle))),
    };
  });
  return { ...scene, objects };
}
