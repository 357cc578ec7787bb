/** How many views the pictures or clips of a wire have, each and together. */
import { itemsOf, oneView, type ViewCount, type WireOf } from './wire.ts';

/** Where only a run can tell how many items there are, the most there can be. */
const mostItemsOf = (count: ViewCount): number => count.mostItems ?? itemsOf(count);

/** The views of a wire on which those of each picture or clip have become one; nothing where that is one picture. */
export function oneViewAnItem({ views }: { readonly views?: ViewCount }): {
  readonly views?: ViewCount;
} {
  const items = itemsOf(views);
  const { media, mostItems } = views ?? {};
  if (mostItems !== undefined)
    return {
      views: {
        known: false,
        views: items,
        most: mostItems,
        items,
        mostItems,
        ...(media && { media }),
      },
    };
  if (items === 1 && media === undefined) return {};
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
  return {
    expected: views.views / items,
    most: views.mostOfOne ?? views.most / mostItemsOf(views),
  };
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
  const mostItems = sum(mostItemsOf);
  const mostOfOne = Math.max(...counts.map((views) => viewsOfOneItem({ views }).most));
  return {
    views: {
      known: counts.every(({ known }) => known),
      views: sum(({ views }) => views),
      most,
      items,
      ...(counts.some((count) => count.mostItems !== undefined) && { mostItems }),
      ...(mostOfOne * mostItems !== most && { mostOfOne }),
      ...(clips && { media: 'video' }),
    },
  };
}
