/** Draws the values of a Shapes scene from a seed; the built-in checkpoint was trained on pictures of such scenes. */
import { seededRandom, type RandomSource } from '#engine/seeded-random.ts';

/** Pixels; the thirds and margins below follow from it. */
export const sceneSide = 96;

export const shapeNames = ['circle', 'square', 'triangle', 'star', 'ring', 'cross'] as const;
export type ShapeName = (typeof shapeNames)[number];

const colourNames = [
  'red',
  'orange',
  'yellow',
  'green',
  'blue',
  'purple',
  'pink',
  'black',
] as const;
export type ColourName = (typeof colourNames)[number];

const sizeNames = ['small', 'medium', 'large'] as const;
export type SizeName = (typeof sizeNames)[number];

/** Smallest and largest radius, in pixels. */
const radii = { small: [6, 8], medium: [10, 12], large: [14.5, 17] } as const;

export type Triple = readonly [number, number, number];

export interface SceneObject {
  readonly shape: ShapeName;
  readonly colour: ColourName;
  readonly size: SizeName;
  readonly radius: number;
  readonly centreX: number;
  readonly centreY: number;
  /** Tangent of half the angle it is turned by. */
  readonly tilt: number;
  /** Added to red, green and blue. */
  readonly jitter: Triple;
}

export interface SceneSign {
  readonly digits: string;
  /** Width of a digit's stroke, in pixels. */
  readonly stroke: number;
  /** Which of the four frame colours. */
  readonly frame: number;
  readonly centreX: number;
  readonly centreY: number;
  readonly halfWidth: number;
  readonly halfHeight: number;
}

/** x to the right, y down, in pixels; colours from 0 to 255. */
export interface Scene {
  readonly seed: number;
  readonly background: Triple;
  /** How much the background changes from left to right, and from top to bottom. */
  readonly gradientX: number;
  readonly gradientY: number;
  /** Amplitude of the noise over everything. */
  readonly noise: number;
  readonly sign: SceneSign | null;
  /** In reading order: by row of the 3 x 3 grid, then from left to right. */
  readonly objects: readonly SceneObject[];
}

/**
 * The same seed gives the same scene, to the last bit, everywhere: the order of draws and of operations is fixed.
 * Seeds are whole numbers from 0 to 2³² - 1.
 */
export function drawScene(seed: number): Scene {
  const next = seededRandom(seed);
  for (;;) {
    const hasSign = next() < 0.4;
    const background = triple(() => 212 + 43 * next());
    const gradientX = -14 + 28 * next();
    const gradientY = -14 + 28 * next();
    const noise = 6 * next();
    const sign = hasSign ? drawSign(next) : null;
    const objects = drawObjects(next, sign);
    if (objects.length > 0) {
      return { seed, background, gradientX, gradientY, noise, sign, objects };
    }
  }
}

/** Third of the picture that a coordinate lies in. */
export function bandOf(coordinate: number): 0 | 1 | 2 {
  return coordinate < 32 ? 0 : coordinate < 64 ? 1 : 2;
}

function drawSign(next: RandomSource): SceneSign {
  const digitCount = 1 + below(4, next);
  let digits = String(digitCount === 1 ? below(10, next) : 1 + below(9, next));
  while (digits.length < digitCount) digits += String(below(10, next));
  const stroke = 1.6 + 0.4 * next();
  const frame = below(4, next);
  const halfWidth = 3.15 * stroke * digitCount + 2.1 * stroke;
  const halfHeight = 7 * stroke;
  for (;;) {
    const centreX = halfWidth + 2 + (92 - 2 * halfWidth) * next();
    const centreY = halfHeight + 2 + (92 - 2 * halfHeight) * next();
    if (isNearLine(centreX) || isNearLine(centreY)) continue;
    return { digits, stroke, frame, centreX, centreY, halfWidth, halfHeight };
  }
}

function drawObjects(next: RandomSource, sign: SceneSign | null): SceneObject[] {
  const theme = below(8, next);
  const themeShape = pick(shapeNames, next);
  const themeColour = pick(colourNames, next);
  const wantedCount = 1 + below(sign === null ? 5 : 3, next);
  const placed: SceneObject[] = [];
  for (let index = 0; index < wantedCount; index++) {
    let shape = pick(shapeNames, next);
    let colour = pick(colourNames, next);
    const size = pick(sizeNames, next);
    if (theme === 0 && next() < 0.6) shape = themeShape;
    if (theme === 1 && next() < 0.6) colour = themeColour;
    const [smallest, largest] = radii[size];
    const radius = smallest + (largest - smallest) * next();
    const tilt = -0.13 + 0.26 * next();
    const jitter = triple(() => -12 + 24 * next());
    const place = findPlace(radius, sign, placed, next);
    if (place !== null) placed.push({ shape, colour, size, radius, ...place, tilt, jitter });
  }
  return placed.toSorted((a, b) => bandOf(a.centreY) - bandOf(b.centreY) || a.centreX - b.centreX);
}

type Place = Pick<SceneObject, 'centreX' | 'centreY'>;

/** Null after 50 tries that were too near a line of the grid, the sign or another object. */
function findPlace(
  radius: number,
  sign: SceneSign | null,
  placed: readonly SceneObject[],
  next: RandomSource,
): Place | null {
  const reach = 1.2 * radius;
  for (let attempt = 0; attempt < 50; attempt++) {
    const centreX = reach + 1 + (94 - 2 * reach) * next();
    const centreY = reach + 1 + (94 - 2 * reach) * next();
    const place = { centreX, centreY };
    const isRefused =
      isNearLine(centreX) ||
      isNearLine(centreY) ||
      (sign !== null && isNearSign(place, reach, sign)) ||
      placed.some((other) => isNearObject(place, reach, other));
    if (!isRefused) return place;
  }
  return null;
}

function isNearLine(coordinate: number): boolean {
  return Math.abs(coordinate - 32) < 2 || Math.abs(coordinate - 64) < 2;
}

function isNearSign({ centreX, centreY }: Place, reach: number, sign: SceneSign): boolean {
  const gapX = Math.max(Math.abs(centreX - sign.centreX) - sign.halfWidth, 0);
  const gapY = Math.max(Math.abs(centreY - sign.centreY) - sign.halfHeight, 0);
  const wanted = reach + 3;
  return gapX * gapX + gapY * gapY < wanted * wanted;
}

function isNearObject({ centreX, centreY }: Place, reach: number, other: SceneObject): boolean {
  const gapX = centreX - other.centreX;
  const gapY = centreY - other.centreY;
  const wanted = reach + 1.2 * other.radius + 3;
  if (gapX * gapX + gapY * gapY < wanted * wanted) return true;
  // Two in a row and one above the other would leave the reading order in doubt.
  return bandOf(centreY) === bandOf(other.centreY) && Math.abs(gapX) < 4;
}

function below(count: number, next: RandomSource): number {
  return Math.floor(count * next());
}

function pick<const Choice>(choices: readonly Choice[], next: RandomSource): Choice {
  return choices[below(choices.length, next)]!;
}

/** Arguments are evaluated from left to right, so red is drawn first. */
function triple(draw: () => number): Triple {
  return [draw(), draw(), draw()];
}
