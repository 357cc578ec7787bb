/** Cases of the grids into which pictures of many sizes are cut. */
import { ok } from '#engine/contract/outcome.ts';
import type { Grid } from '#engine/node/wire.ts';
import { unpadded } from '#nodes/projector/packed-places.ts';
import { bestGrid } from '#nodes/vision/tile-grids.ts';
import type { Checked } from './case-check.ts';
import type { GridRow } from '../cases/rows/case-row.ts';
import { compareTensors } from '../cases/comparison.ts';
import type { RecordedCase, RecordedTensor } from '../cases/recorded-case.ts';

export function gridDriver(row: GridRow, recorded: RecordedCase): Promise<Checked> {
  const { config, inputs, outputs } = recorded;
  const side = Number(config['tile_size']);
  const tokensAlong = Number(config['patches_per_side']);
  const grids = gridsOf(recorded, side, 'width, height');
  const sizes = inputs.get(row.sizes) as RecordedTensor;
  const count = sizes.shape[0] ?? 0;
  const found = Array.from({ length: count }, (_, index) => {
    const [width = 0, height = 0] = sizes.data.slice(2 * index, 2 * index + 2);
    const grid = bestGrid({ width, height }, grids, side);
    const map = { rows: grid.rows * tokensAlong, columns: grid.columns * tokensAlong };
    const window = unpadded({ width, height }, map);
    return {
      'fitted size': [grid.columns * side, grid.rows * side],
      grid: [grid.columns, grid.rows],
      'unpadded size': [window.rows, window.columns],
      'first place': [window.top * map.columns + window.left],
    };
  });
  const comparisons = Object.entries(row.outputs).map(([name, what]) => {
    const data = found.flatMap((each) => each[what]);
    const computed = { shape: [count, data.length / count], data };
    return compareTensors(name, computed, outputs.get(name) as RecordedTensor, 0);
  });
  return Promise.resolve(ok(comparisons));
}

/** The grids of recorded sizes in pixels. */
export function gridsOf(
  { config }: RecordedCase,
  side: number,
  order: 'height, width' | 'width, height',
): readonly Grid[] {
  return (config['image_grid_pinpoints'] as readonly (readonly [number, number])[]).map(
    ([first, second]) =>
      order === 'width, height'
        ? { rows: second / side, columns: first / side }
        : { rows: first / side, columns: second / side },
  );
}
