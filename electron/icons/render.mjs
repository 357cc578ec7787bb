/** Draws icon.png from icon.svg, after the drawing has changed: `node electron/icons/render.mjs`. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

const folder = dirname(fileURLToPath(import.meta.url));
await sharp(join(folder, 'icon.svg'))
  .resize(512, 512)
  .png({ compressionLevel: 9, palette: true })
  .toFile(join(folder, 'icon.png'));
