/** Maps [B, C, H, W] of another size, as torch.nn.functional.interpolate makes them. */
import { float, int, text, type GraphBuilder } from '../graph-builder.ts';
import { concatenate, lengthOf, unsqueeze } from '../shape-operators.ts';
import { fixedDim, type Dim, type Value } from '../value.ts';
import type { TableGrid } from '../weight.ts';

export interface Resizing {
  readonly kernel: 'bicubic' | 'bilinear' | 'nearest';
  /** Does the kernel widen where the map shrinks? */
  readonly antialias?: boolean;
  /** Bilinear only: do the corners of both maps lie on one another (align_corners=True), not their borders? */
  readonly alignCorners?: boolean;
}

const places = { bicubic: 'half_pixel', bilinear: 'half_pixel', nearest: 'asymmetric' } as const;
const modes = { bicubic: 'cubic', bilinear: 'linear', nearest: 'nearest' } as const;

/** [B, C, H, W] → [B, C, rows, columns] */
export function resizeMap(
  g: GraphBuilder,
  map: Value,
  { rows, columns }: TableGrid,
  { kernel, antialias = false, alignCorners = false }: Resizing,
): Value {
  const [batch, channels] = map.shape as [Dim, Dim];
  const pictures = typeof batch === 'number' ? g.list(batch) : unsqueeze(g, lengthOf(g, map, 0), 0);
  const sizes = concatenate(g, [pictures, g.list(fixedDim(map, 1), rows, columns)], 0, 4);
  const to = { type: map.type, shape: [batch, channels, rows, columns] };
  return g.op('Resize', [map, null, null, sizes], to, {
    attributes: {
      mode: text(modes[kernel]),
      coordinate_transformation_mode: text(alignCorners ? 'align_corners' : places[kernel]),
      nearest_mode: text('floor'),
      // torch takes Keys' own sharpness where it antialiases, and leaves out what lies beyond the border.
      cubic_coeff_a: float(antialias ? -0.5 : -0.75),
      antialias: int(antialias ? 1 : 0),
      exclude_outside: int(antialias ? 1 : 0),
    },
  });
}
