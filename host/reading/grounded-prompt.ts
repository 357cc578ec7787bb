/** A question together with what is written in its picture, as a language model reads both. */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { allMedia, markers } from '../text/visual-places.ts';
import type { TextRegion } from './choose-regions.ts';
import type { TextBox } from './text-line.ts';

interface PictureSize {
  readonly width: number;
  readonly height: number;
}

const heading = 'Text in the picture, with left, top, right and bottom from 0 to 1:';

/**
 * The question, then a line for each region: its words, where they are, and the place of its crop where it is marked.
 * Nothing is added where nothing was read. Fails with `marker-mismatch` where the question has places for several
 * pictures.
 */
export function groundedPrompt(
  question: string,
  regions: readonly TextRegion[],
  picture: PictureSize,
  marksPictures: boolean,
): Outcome<string> {
  const places = question.split(markers.image).length - 1;
  if (marksPictures && places > 1) {
    const message = `The question has ${places} places ${markers.image}, and its text is read in one picture; write ${markers.image} once, or leave it out.`;
    return fail(error('marker-mismatch', message, { port: 'question' }));
  }
  if (regions.length === 0) return ok(question);
  const lines = regions.map(({ text, box, isCut }) => {
    const place = marksPictures && isCut ? ` ${markers.image}` : '';
    return `"${plainText(text)}" ${placeText(box, picture)}${place}`;
  });
  // The picture itself has its place before all others.
  const asked = marksPictures && places === 0 ? [markers.image, question] : [question];
  return ok([...asked, heading, ...lines].filter((part) => part !== '').join('\n'));
}

/** What is written in a picture cannot end the quotation, nor take the place of a picture. */
function plainText(text: string): string {
  const unmarked = allMedia.reduce(
    (left, media) => left.replaceAll(markers[media], markers[media].slice(1, -1)),
    text,
  );
  return unmarked.replaceAll('"', "'");
}

function placeText(box: TextBox, { width, height }: PictureSize): string {
  const { left, top, right, bottom } = box;
  const shares = [left / width, top / height, right / width, bottom / height];
  return `[${shares.map((share) => share.toFixed(2)).join(', ')}]`;
}
