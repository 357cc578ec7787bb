/** How many views the pictures or clips of a wire have, each and together. */
import { itemsOf, oneView, type ViewCount, type WireOf } from './wire.ts';

/** The views of a wire on which those of each picture or clip have become one; nothing where that is one picture. */
export function oneViewAnItem({ views }: { readonly views?: ViewCount }): {
  readonly views?: ViewCount;
} {
  const items = itemsOf(views);
  if (items === 1 && views?.media === undefined) return {};
  const { media } = views ?? {};
  return { views: { known: true, views: items, most: items, ...(media && { media }) } };
}

/** Each view as so many of the same picture or clip. */
export function severalViewsEach(
  { views = oneView }: { readonly views?: ViewCount },
  count: number,
): ViewCount {
  return {
    ...views,
    views: views.views * count,
    most: views.most * count,
    items: itemsOf(views),
  };
}

/** How many views each picture or clip has: as expected, and at most. */
export function viewsOfOneItem({ views = oneView }: { readonly views?: ViewCount }): {
  readonly expected: number;
  readonly most: number;
} {
  const items = itemsOf(views);
  return { expected: views.views / items, most: views.mostOfOne ?? views.most / items };
}

/** The views of several wires of pictures, each picture or frame being one; nothing where there is one in all. */
export function picturesInAll(wires: readonly WireOf<'image'>[]): { readonly views?: ViewCount } {
  const counts = wires.map(({ pictures = oneView }) => pictures);
  const [first] = counts;
  if (!first || (counts.length === 1 && first === oneView)) return {};
  const sum = (pick: (count: ViewCount) => number): number =>
    counts.reduce((total, count) => total + pick(count), 0);
  const clips = counts.every(({ media }) => media === 'video');
  const [most, items] = [sum((count) => count.most), sum(itemsOf)];
  const mostOfOne = Math.max(...counts.map((views) => viewsOfOneItem({ views }).most));
  return {
    views: {
      known: counts.every(({ known }) => known),
      views: sum(({ views }) => views),
      most,
      items,
      ...(mostOfOne * items !== most && { mostOfOne }),
      ...(clips && { media: 'video' }),
    },
  };
}
