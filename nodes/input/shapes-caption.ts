/** Says what a Shapes scene shows, in the words that the built-in checkpoint was taught. */
import { bandOf, type Scene } from './shapes-scene.ts';

/** Rows from top to bottom, columns from left to right. */
const places = [
  ['at the top left', 'at the top', 'at the top right'],
  ['on the left', 'in the centre', 'on the right'],
  ['at the bottom left', 'at the bottom', 'at the bottom right'],
] as const;

/** "a small red circle at the top left and a large blue ring on the right. a sign at the bottom reads 42." */
export function describeScene({ objects, sign }: Scene): string {
  const phrases = objects.map(
    (object) => `a ${object.size} ${object.colour} ${object.shape} ${placeOf(object)}`,
  );
  const last = phrases.at(-1) ?? 'nothing';
  const before = phrases.slice(0, -1).join(', ');
  const shapes = before === '' ? `${last}.` : `${before} and ${last}.`;
  return sign === null ? shapes : `${shapes} a sign ${placeOf(sign)} reads ${sign.digits}.`;
}

function placeOf({ centreX, centreY }: { centreX: number; centreY: number }): string {
  return places[bandOf(centreY)][bandOf(centreX)];
}
