/** The side of the pixels that go to an encoder: typed, or what the encoder sees. */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import type { Demand } from '#engine/node/node-definition.ts';

export const sizeParam = {
  kind: 'optional-integer',
  label: 'Size',
  help: 'Side of the square that goes out.',
  default: null,
  min: 8,
  max: 4096,
  unit: 'px',
  whenEmpty: 'from the encoder',
} as const;

/** Or why it is not known, or does not fit. `what` begins the sentence, e.g. "The preprocessing". */
export function pictureSide(
  what: string,
  id: string,
  size: number | null,
  demand: Demand | undefined,
): Outcome<number> {
  const wanted = demand?.pixels;
  if (size !== null && wanted !== undefined && size !== wanted) {
    const message = `${what} gives ${size} pixels a side, the encoder sees ${wanted}; set the size to ${wanted}.`;
    const edit = { type: 'set-param' as const, id, param: 'size', value: wanted };
    const mend = { title: `Set the size to ${wanted}`, edits: [edit] };
    return fail(error('dimension-mismatch', message, { param: 'size', mend }));
  }
  const side = size ?? wanted ?? demand?.usualPixels;
  if (side !== undefined) return ok(side);
  const message = `The size is not known; wire ${what.toLowerCase()} to an encoder, or type the size.`;
  return fail(error('param-invalid', message, { param: 'size' }));
}
