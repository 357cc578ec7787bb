/** Cuts a region out of a picture, with something around it. */
import type { RgbImage } from '../images/decode-image.ts';
import { resizeWindow } from '../images/resample.ts';
import type { TextBox } from './text-line.ts';

/** As large as it is in the picture; `margin` is a share of the box's shorter side, and ends with the picture. */
export function cutRegion(image: RgbImage, box: TextBox, margin: number): RgbImage {
  const around = Math.round(margin * Math.min(box.right - box.left, box.bottom - box.top));
  const left = Math.max(box.left - around, 0);
  const top = Math.max(box.top - around, 0);
  const width = Math.max(Math.min(box.right + around, image.width) - left, 1);
  const height = Math.max(Math.min(box.bottom + around, image.height) - top, 1);
  return resizeWindow(image, image.width, image.height, { left, top, width, height });
}
