/** What a showing says to those who do not see it, and under it to those who do. Pure. */
import { assertNever } from '#engine/contract/outcome.ts';
import {
  keptMarks,
  type PatchMarkKind,
  type Showing,
  type ShownView,
} from '#engine/contract/showing.ts';
import { loadWords } from './layer-loads.ts';
import { viewGroups } from './view-groups.ts';

/** "37 of 576 patches kept, 32 merged into each"; of several views "in 5 views, …". */
export function showingWords(showing: Showing): string {
  const { kind, views, viewCount } = showing;
  switch (kind) {
    case 'kept-patches':
    case 'merged-patches':
    case 'attended-patches':
      return [...inViews(showing), markWords[kind](showing)].join(', ');
    case 'views': {
      const more = viewCount > views.length ? `the first ${views.length} of ${viewCount}: ` : '';
      return more + rolesWords(views);
    }
    case 'expert-load':
      return loadWords(showing.loads ?? []);
    default:
      return assertNever(kind);
  }
}

/** In one of several views there is no room for lines from patch to patch. */
export const hasLinks = ({ views }: Pick<Showing, 'views'>): boolean => views.length === 1;

/** How the marks are read; null where there are none. */
export function legendWords({ kind, views, singledOut }: Showing): string | null {
  if (kind === 'expert-load')
    return 'A bar is an expert, its height the tokens of the prompt that it was sent; the dashed line is an even share.';
  const marks = allMarks(views);
  if (marks.length === 0) return null;
  if (kind === 'merged-patches') {
    const joined = hasLinks({ views }) ? '; a line joins those that lie apart' : '';
    return `Patches of one token share a colour and an outline${joined}.`;
  }
  if (kind === 'attended-patches') return 'The clearer a patch, the more it is looked at.';
  const isSingled = singledOut !== null && marks.includes(keptMarks.singledOut);
  return isSingled
    ? `What is hatched is gone; a dot marks ${singledOut}.`
    : 'What is hatched is gone.';
}

/** Of one view of a showing, among several. */
export function viewWords({ kind, singledOut }: Showing, view: ShownView): string {
  const place = placeWords(view);
  if (!view.marks) return place;
  const alone = { views: [view], singledOut, also: null };
  return isMarked(kind) ? `${place}: ${markWords[kind](alone)}` : place;
}

type Marked = Pick<Showing, 'views' | 'singledOut' | 'also'>;

const markWords: Readonly<Record<PatchMarkKind, (marked: Marked) => string>> = {
  'kept-patches': keptWords,
  'merged-patches': mergedWords,
  'attended-patches': attendedWords,
};

const isMarked = (kind: Showing['kind']): kind is PatchMarkKind => Object.hasOwn(markWords, kind);

function inViews({ views, viewCount }: Showing): readonly string[] {
  if (viewCount > views.length) return [`in the first ${views.length} of ${viewCount} views`];
  return views.length > 1 ? [`in ${views.length} views`] : [];
}

const allMarks = (views: readonly ShownView[]): readonly number[] =>
  views.flatMap(({ marks }) => marks?.ofPatches ?? []);

function keptWords({ views, singledOut, also }: Marked): string {
  const marks = allMarks(views);
  const kept = marks.filter((mark) => mark !== keptMarks.gone).length;
  const special = marks.filter((mark) => mark === keptMarks.singledOut).length;
  const parts = [`${kept} of ${plural(marks.length, 'patch')} kept`];
  if (singledOut !== null && special > 0) parts.push(`${special} of them ${singledOut}`);
  if (also !== null) parts.push(also);
  return parts.join(', ');
}

/** "half of the attention is on 43 of 576 patches" */
function attendedWords({ views, also }: Marked): string {
  const marks = allMarks(views).toSorted((a, b) => b - a);
  const half = marks.reduce((sum, mark) => sum + mark, 0) / 2;
  let count = 0;
  for (let sum = 0; sum < half; count++) sum += marks[count] ?? half;
  const words = `half of the attention is on ${count} of ${plural(marks.length, 'patch')}`;
  return also === null ? words : `${words}, ${also}`;
}

function mergedWords({ views }: Marked): string {
  const sizes = views.flatMap(({ marks }) => tokenSizes(marks?.ofPatches ?? []));
  const patches = sizes.reduce((sum, size) => sum + size, 0);
  const several = sizes.filter((size) => size > 1);
  const words = `${plural(patches, 'patch')} in ${plural(sizes.length, 'token')}`;
  if (several.length === 0) return `${words}, none merged`;
  const most = Math.max(...several);
  const upTo = most === 2 ? '2 patches each' : `2 to ${most} patches each`;
  return `${words}, ${several.length} of them merged of ${upTo}`;
}

function tokenSizes(ofPatches: readonly number[]): readonly number[] {
  const sizes = new Map<number, number>();
  for (const token of ofPatches) sizes.set(token, (sizes.get(token) ?? 0) + 1);
  return [...sizes.values()];
}

/** "4 tiles, 2 × 2, and the whole picture" */
function rolesWords(views: readonly ShownView[]): string {
  const groups = viewGroups({ views });
  const [only, other] = groups;
  if (only && !other && only.tiles.length > 0) {
    const tiles = `${countWords(only.tiles)}, ${only.rows} × ${only.columns}`;
    return only.wholes.length > 0 ? `${tiles}, and the whole picture` : tiles;
  }
  const tiles = groups.flatMap((group) => group.tiles);
  const wholes = groups.flatMap((group) => group.wholes);
  return [tiles, wholes]
    .filter((each) => each.length > 0)
    .map(countWords)
    .join(' and ');
}

const roleNames: Readonly<Record<ShownView['role'], string>> = {
  whole: 'whole picture',
  tile: 'tile',
  slice: 'slice',
  frame: 'frame',
};

/** Of views that have one role. */
const countWords = (views: readonly ShownView[]): string =>
  plural(views.length, roleNames[views[0]?.role ?? 'whole']);

function placeWords({ role, row, column }: ShownView): string {
  switch (role) {
    case 'whole':
      return 'whole picture';
    case 'frame':
      return `frame ${row + 1}`;
    case 'tile':
    case 'slice':
      return `${role} in row ${row + 1}, column ${column + 1}`;
    default:
      return assertNever(role);
  }
}

function plural(count: number, word: string): string {
  if (count === 1) return `1 ${word}`;
  return `${count} ${word.endsWith('ch') ? `${word}es` : `${word}s`}`;
}
