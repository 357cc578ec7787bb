/** Which picture or clip goes where a prompt says <image> or <video>. */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import type { Media } from '#engine/node/wire.ts';

export const markers: Readonly<Record<Media, string>> = { image: '<image>', video: '<video>' };

export const allMedia = ['image', 'video'] as const satisfies readonly Media[];

/** A prompt before it is encoded: words of the template, words of the question, places of pictures. */
export type Piece =
  | { readonly kind: 'template'; readonly text: string }
  | { readonly kind: 'question'; readonly text: string }
  | { readonly kind: 'place'; readonly media: Media; readonly of: 'template' | 'question' };

type Place = Extract<Piece, { kind: 'place' }>;

/** A piece with the run of visual tokens that goes there. */
export type PlacedPiece =
  | Exclude<Piece, Place>
  | { readonly kind: 'run'; readonly run: number; readonly media: Media }
  /** What the model sees around a picture, whatever the template. */
  | { readonly kind: 'layout'; readonly text: string };

/** Cuts text at the given spellings, each of them a place of its medium. */
export function splitAtPlaces(
  text: string,
  spellings: readonly (readonly [string, Media])[],
  of: Place['of'],
): readonly Piece[] {
  const [first, ...others] = spellings;
  if (!first) return [{ kind: of, text }];
  const [spelling, media] = first;
  return text
    .split(spelling)
    .flatMap((part, index): readonly Piece[] => [
      ...(index > 0 ? [{ kind: 'place', media, of } as const] : []),
      ...splitAtPlaces(part, others, of),
    ]);
}

/**
 * Gives each run of visual tokens its place. The question's places count before the template's. One place takes all
 * runs, as if it had been written so often, together with the line break that follows it. Clips take the places
 * of pictures where there are none for clips. Places of the template of which nothing is wired are dropped, with
 * their line break; those of the question stay text.
 *
 * Fails with `marker-mismatch` where there are neither as many places as runs nor one.
 */
export function placeRuns(
  pieces: readonly Piece[],
  runs: readonly Media[],
): Outcome<readonly PlacedPiece[]> {
  const placed = new Map<Piece, readonly number[]>();
  const places = pieces.filter((piece): piece is Place => piece.kind === 'place');
  const takesVideo = runs.includes('video') && places.some(({ media }) => media === 'video');
  for (const media of allMedia) {
    const own = [...runs.entries()].filter(([, each]) =>
      takesVideo ? each === media : media === 'image',
    );
    const theirs = places.filter((place) => place.media === media);
    const asked = theirs.filter(({ of }) => of === 'question');
    const counted = asked.length > 0 ? asked : theirs;
    if (own.length === 0) continue;
    if (counted.length === 1)
      placed.set(
        counted[0] as Piece,
        own.map(([run]) => run),
      );
    else if (counted.length === own.length) {
      for (const [index, place] of counted.entries())
        placed.set(place, [(own[index] as readonly [number, Media])[0]]);
    } else return mismatch(media, counted, own.length);
  }
  return ok(pieces.flatMap((piece, index) => placedPiece(pieces, index, runs, placed)));
}

function placedPiece(
  pieces: readonly Piece[],
  index: number,
  media: readonly Media[],
  placed: ReadonlyMap<Piece, readonly number[]>,
): readonly PlacedPiece[] {
  const piece = pieces[index] as Piece;
  const before = pieces[index - 1];
  if (piece.kind !== 'place') {
    const isAfterDropped =
      before?.kind === 'place' && before.of === 'template' && !placed.has(before);
    return [
      isAfterDropped && piece.kind === 'template'
        ? { ...piece, text: piece.text.replace(/^\r?\n/, '') }
        : piece,
    ];
  }
  if (piece.of === 'question' && !placed.has(piece))
    return [{ kind: 'question', text: markers[piece.media] }];
  const next = pieces[index + 1];
  const breaks = next !== undefined && next.kind !== 'place' && next.text.startsWith('\n');
  return (placed.get(piece) ?? []).flatMap((run, count): readonly PlacedPiece[] => [
    ...(count > 0 && breaks ? [{ kind: 'template', text: '\n' } as const] : []),
    { kind: 'run', run, media: media[run] as Media },
  ]);
}

function mismatch(media: Media, places: readonly Place[], runs: number): Outcome<never> {
  const marker = markers[media];
  const what = media === 'image' ? 'picture' : 'clip';
  if (places.length === 0) {
    const message = `The template has no place for the ${what}: add ${marker} where the visual tokens go.`;
    return fail(error('marker-mismatch', message, { param: 'template' }));
  }
  const ofQuestion = places[0]?.of === 'question';
  const message =
    `The ${ofQuestion ? 'prompt' : 'template'} has ${places.length} places ${marker}, but ${runs} ` +
    `${runs === 1 ? `${what} is` : `${what}s are`} wired; write ${marker} once for each, or once for all.`;
  return fail(
    error('marker-mismatch', message, ofQuestion ? { port: 'prompt' } : { param: 'template' }),
  );
}
