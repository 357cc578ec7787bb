/** Paints a Shapes scene, byte for byte as the pictures that the built-in checkpoint was trained on. */
import { seededRandom } from '#engine/seeded-random.ts';
import {
  sceneSide,
  type ColourName,
  type Scene,
  type SceneObject,
  type SceneSign,
  type ShapeName,
  type Triple,
} from './shapes-scene.ts';

const colours: Record<ColourName, Triple> = {
  red: [214, 39, 40],
  orange: [245, 133, 24],
  yellow: [240, 208, 30],
  green: [44, 160, 60],
  blue: [38, 96, 214],
  purple: [134, 62, 176],
  pink: [244, 130, 184],
  black: [32, 32, 36],
};

const frameColours: readonly Triple[] = [
  [70, 70, 80],
  [120, 85, 50],
  [40, 70, 90],
  [90, 100, 90],
];
const faceColour: Triple = [248, 248, 244];
const inkColour: Triple = [28, 30, 40];

/** Keeps the noise apart from the stream that the scene itself was drawn from. */
const noiseSeedMask = 0x9e3779b9;

export interface ScenePicture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array; // [height, width, 3]
}

/** Distances are measured from the middle of each pixel; an edge fades over one pixel. */
export function paintScene(scene: Scene): ScenePicture {
  const side = sceneSide;
  const layers = [...scene.objects.map(objectLayer), ...signLayers(scene.sign)];
  const next = seededRandom(scene.seed ^ noiseSeedMask);
  const data = new Uint8Array(side * side * 3);
  const value = new Float64Array(3);
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const x = column + 0.5;
      const y = row + 0.5;
      const gradient = scene.gradientX * (x / side - 0.5) + scene.gradientY * (y / side - 0.5);
      for (let channel = 0; channel < 3; channel++) {
        value[channel] = scene.background[channel]! + gradient;
      }
      for (const layer of layers) {
        const coverage = Math.min(Math.max(0.5 - layer.distance(x, y), 0), 1);
        if (coverage > 0) blend(value, layer.colour, coverage);
      }
      const pixel = (row * side + column) * 3;
      for (let channel = 0; channel < 3; channel++) {
        const noisy = value[channel]! + (next() * 2 - 1) * scene.noise;
        data[pixel + channel] = Math.min(Math.max(Math.floor(noisy + 0.5), 0), 255);
      }
    }
  }
  return { width: side, height: side, data };
}

interface Layer {
  readonly colour: Triple;
  /** Signed distance to the edge in pixels, negative inside. */
  distance(x: number, y: number): number;
}

function blend(value: Float64Array, colour: Triple, coverage: number): void {
  for (let channel = 0; channel < 3; channel++) {
    const under = value[channel]!;
    value[channel] = under + (colour[channel]! - under) * coverage;
  }
}

function objectLayer(object: SceneObject): Layer {
  const { shape, radius, centreX, centreY, tilt } = object;
  const [red, green, blue] = colours[object.colour];
  const [moreRed, moreGreen, moreBlue] = object.jitter;
  const distanceTo = shapeDistances[shape];
  const cosine = (1 - tilt * tilt) / (1 + tilt * tilt);
  const sine = (2 * tilt) / (1 + tilt * tilt);
  return {
    colour: [red + moreRed, green + moreGreen, blue + moreBlue],
    distance(x, y) {
      const right = x - centreX;
      const down = y - centreY;
      return distanceTo(cosine * right + sine * down, cosine * down - sine * right, radius);
    },
  };
}

function signLayers(sign: SceneSign | null): readonly Layer[] {
  if (sign === null) return [];
  const { centreX, centreY, halfWidth, halfHeight, stroke } = sign;
  return [
    {
      colour: frameColours[sign.frame]!,
      distance: (x, y) => box(x - centreX, y - centreY, halfWidth, halfHeight),
    },
    {
      colour: faceColour,
      distance: (x, y) => box(x - centreX, y - centreY, halfWidth - stroke, halfHeight - stroke),
    },
    { colour: inkColour, distance: (x, y) => digitDistance(x - centreX, y - centreY, sign) },
  ];
}

/** Distance to an upright shape around the origin. */
type ShapeDistance = (x: number, y: number, radius: number) => number;

const shapeDistances: Record<ShapeName, ShapeDistance> = {
  circle: (x, y, radius) => Math.sqrt(x * x + y * y) - radius,
  square: (x, y, radius) => box(x, y, 0.86 * radius, 0.86 * radius),
  triangle: (x, y, radius) =>
    Math.max(y, Math.abs(x) * 0.8660254037844386 - y * 0.5) - 1.15 * radius * 0.5,
  star: starDistance,
  ring: (x, y, radius) => Math.abs(Math.sqrt(x * x + y * y) - 0.81 * radius) - 0.19 * radius,
  cross: (x, y, radius) =>
    Math.min(box(x, y, 0.95 * radius, 0.32 * radius), box(x, y, 0.32 * radius, 0.95 * radius)),
};

function box(x: number, y: number, halfWidth: number, halfHeight: number): number {
  const overX = Math.abs(x) - halfWidth;
  const overY = Math.abs(y) - halfHeight;
  const outX = Math.max(overX, 0);
  const outY = Math.max(overY, 0);
  return Math.sqrt(outX * outX + outY * outY) + Math.min(Math.max(overX, overY), 0);
}

/** Folds the plane along the star's axes until one half of one point is left, then measures to its edge. */
function starDistance(x: number, y: number, radius: number): number {
  const axisX = 0.809016994375;
  const axisY = -0.587785252292;
  const innerRatio = 0.42;
  const outer = 1.15 * radius;
  let px = Math.abs(x);
  let py = -y;
  const first = Math.max(axisX * px + axisY * py, 0);
  px -= 2 * first * axisX;
  py -= 2 * first * axisY;
  const second = Math.max(-axisX * px + axisY * py, 0);
  px -= 2 * second * -axisX;
  py -= 2 * second * axisY;
  px = Math.abs(px);
  py -= outer;
  const edgeX = innerRatio * -axisY;
  const edgeY = innerRatio * axisX - 1;
  const along = (px * edgeX + py * edgeY) / (edgeX * edgeX + edgeY * edgeY);
  const clamped = Math.min(Math.max(along, 0), outer);
  const offX = px - edgeX * clamped;
  const offY = py - edgeY * clamped;
  const distance = Math.sqrt(offX * offX + offY * offY);
  return py * edgeX - px * edgeY >= 0 ? distance : -distance;
}

/** Middle and half size of the seven segments, in strokes; the bits of `litSegments` stand for them in this order. */
const segments = [
  { x: 0, y: -3.5, halfWidth: 1.75, halfHeight: 0.5 }, // top
  { x: 1.75, y: -1.75, halfWidth: 0.5, halfHeight: 1.75 }, // upper right
  { x: 1.75, y: 1.75, halfWidth: 0.5, halfHeight: 1.75 }, // lower right
  { x: 0, y: 3.5, halfWidth: 1.75, halfHeight: 0.5 }, // bottom
  { x: -1.75, y: 1.75, halfWidth: 0.5, halfHeight: 1.75 }, // lower left
  { x: -1.75, y: -1.75, halfWidth: 0.5, halfHeight: 1.75 }, // upper left
  { x: 0, y: 0, halfWidth: 1.75, halfHeight: 0.5 }, // middle
] as const;

/** For each digit. */
const litSegments = [0x3f, 0x06, 0x5b, 0x4f, 0x66, 0x6d, 0x7d, 0x07, 0x7f, 0x6f] as const;

/** Distance to the nearest lit segment of the digit whose slot holds the point. */
function digitDistance(x: number, y: number, { digits, stroke }: SceneSign): number {
  const count = digits.length;
  const pitch = 6.3 * stroke;
  const slot = Math.min(Math.max(Math.floor(x / pitch + count * 0.5), 0), count - 1);
  const withinX = x - (slot - (count - 1) * 0.5) * pitch;
  const lit = litSegments[Number(digits[slot])]!;
  let nearest = Infinity;
  for (let bit = 0; bit < segments.length; bit++) {
    if ((lit & (1 << bit)) === 0) continue;
    const segment = segments[bit]!;
    const distance = box(
      withinX - segment.x * stroke,
      y - segment.y * stroke,
      segment.halfWidth * stroke,
      segment.halfHeight * stroke,
    );
    nearest = Math.min(nearest, distance);
  }
  return nearest;
}
