/** The size of the picture that a card shows, as it is written in the card's head. */
import type { ShownSource } from '#engine/contract/sources.ts';
import { usePicture } from '#renderer/analysis/picture.ts';
import type { CardBody } from './card-content.ts';

/** Longer side of a preview, in pixels: sharp at twice the size of a card. */
export const previewPx = 480;

const none: ShownSource = { kind: 'none' };

/** "1280 × 853"; null for a card without a picture, or while it is being read. */
export function usePictureSize(
  body: CardBody | null,
  baseFolder: string | undefined,
): string | null {
  const source = body?.kind === 'picture' ? body.source : none;
  const picture = usePicture(source, baseFolder, previewPx);
  return picture?.ok === true ? `${picture.value.width} × ${picture.value.height}` : null;
}
