/** Published image processors that cut a picture into tiles, as parameters. */
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { ConfigFiles } from '#engine/contract/config-files.ts';
import type { TakenConfig } from '#engine/node/taken-config.ts';
import { foreign, unsupported } from '../config/published-config.ts';
import { lackingIn, readImageProcessor, squareSide, type Processor } from './image-processor.ts';
import { writeGrids } from './tile-grids.ts';

/** Sides of a tile by the processor; null where it does something else than to cut tiles of that side. */
const processors: Readonly<Record<string, (processor: Processor) => number | null>> = {
  LlavaNext({ size = 224, crop_size: crop = size }) {
    const resized = typeof size === 'number' ? size : (size.shortest_edge ?? size.height);
    const height = typeof crop === 'number' ? crop : crop.height;
    const width = typeof crop === 'number' ? crop : crop.width;
    return resized === height && height === width ? (height ?? null) : null;
  },
  LlavaOnevision: ({ size = 384 }) => squareSide(size),
};

export function anyresFromConfig(files: ConfigFiles): Outcome<TakenConfig> {
  const read = readImageProcessor(files);
  if (!read.ok) return read;
  const { processor, type, name, file, normalisation } = read.value;
  const sideOf = Object.hasOwn(processors, name) ? processors[name] : undefined;
  const pinpoints = processor.image_grid_pinpoints;
  if (!sideOf || !pinpoints)
    return foreign(`${file} describes no AnyRes tiling; its processor is "${type}".`);
  const lacking = lackingIn(processor, 'bicubic');
  if (lacking !== null) return unsupported(lacking);
  const side = sideOf(processor);
  if (side === null) return unsupported('Tiles of another size than the whole picture');
  const grids = pinpoints.map(([height, width]) => ({
    rows: height / side,
    columns: width / side,
  }));
  const uneven = grids.findIndex(
    ({ rows, columns }) => !Number.isInteger(rows) || !Number.isInteger(columns),
  );
  if (uneven >= 0)
    return unsupported(`A picture of ${pinpoints[uneven]?.join(' × ')} in tiles of ${side} px`);
  return ok({
    params: { grids: writeGrids(grids), normalisation, size: side },
    took: [type, `${grids.length} grids of tiles`, `${side} px`],
    file,
  });
}
