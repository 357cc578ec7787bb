/**
 * Texts and lists of a bounded size, for foreign values. The library's own bounds ask whatever has a `length` for it,
 * an object that is no text and no list too, and throw where that is no number.
 */
import { z } from 'zod';

export function sizedText(shortest: number, longest: number) {
  return z.string().pipe(z.string().min(shortest).max(longest));
}

export function sizedList<Item extends z.ZodType>(item: Item, fewest: number, most: number) {
  return z
    .array(item)
    .refine(({ length }) => length >= fewest, `Too small: expected at least ${fewest}`)
    .refine(({ length }) => length <= most, `Too big: expected at most ${most}`)
    .meta({ ...(fewest > 0 && { minItems: fewest }), maxItems: most });
}
