/** Cases of the grids into which pictures of many sizes are cut. */
import { ok } from '#engine/contract/outcome.ts';
import type { Grid } from '#engine/node/wire.ts';
import { unpadded } from '#nodes/projector/layers/packed-places.ts';
import { ruledSize } from '#nodes/vision/size-rules.ts';
import { slicePlan } from '#nodes/vision/slice-plan.ts';
import { bestGrid, gridsOfTiles, nearestGrid, type PictureSize } from '#nodes/vision/tile-grids.ts';
import type { Checked } from './case-check.ts';
import type { GridRow } from '../cases/rows/case-row.ts';
import { compareTensors } from '../cases/comparison.ts';
import type { RecordedCase, RecordedTensor } from '../cases/recorded-case.ts';

type Readings = Readonly<Partial<Record<GridRow['outputs'][string], readonly number[]>>>;

export function gridDriver(row: GridRow, recorded: RecordedCase): Promise<Checked> {
  const { inputs, outputs } = recorded;
  const sizes = inputs.get(row.sizes) as RecordedTensor;
  const count = sizes.shape[0] ?? 0;
  const readingsOf = choices[row.choice](recorded);
  const found = Array.from({ length: count }, (_, index) => {
    const [width = 0, height = 0] = sizes.data.slice(2 * index, 2 * index + 2);
    return readingsOf({ width, height });
  });
  const comparisons = Object.entries(row.outputs).map(([name, what]) => {
    const data = found.flatMap((each) => each[what] ?? []);
    const computed = { shape: [count, data.length / count], data };
    return compareTensors(name, computed, outputs.get(name) as RecordedTensor, 0);
  });
  return Promise.resolve(ok(comparisons));
}

const choices: Readonly<
  Record<GridRow['choice'], (recorded: RecordedCase) => (size: PictureSize) => Readings>
> = {
  fit(recorded) {
    const side = Number(recorded.config['tile_size']);
    const tokensAlong = Number(recorded.config['patches_per_side']);
    const grids = gridsOf(recorded, side, 'width, height');
    return (size) => {
      const grid = bestGrid(size, grids, side);
      const map = { rows: grid.rows * tokensAlong, columns: grid.columns * tokensAlong };
      const window = unpadded(size, map);
      return {
        'fitted size': [grid.columns * side, grid.rows * side],
        grid: [grid.columns, grid.rows],
        'unpadded size': [window.rows, window.columns],
        'first place': [window.top * map.columns + window.left],
      };
    };
  },
  nearest({ config }) {
    const grids = gridsOfTiles(Number(config['min_num']), Number(config['max_num']));
    return (size) => {
      const { rows, columns } = nearestGrid(size, grids, Number(config['image_size']));
      const tiles = rows * columns;
      return { grid: [columns, rows], views: [tiles === 1 ? 1 : tiles + 1] };
    };
  },
  slices({ config }) {
    const rule = {
      mostSlices: Number(config['max_slice_nums']),
      areaSide: Number(config['scale_resolution']),
      patch: Number(config['patch_size']),
      rounding: 'down',
    } as const;
    return (size) => {
      const { grid, slice } = slicePlan(size, rule) ?? {
        grid: { rows: 0, columns: 0 },
        slice: { width: 0, height: 0 },
      };
      const whole = ruledSize(size, { rule: 'area', ...rule });
      return {
        grid: [grid.columns, grid.rows],
        tiles: [grid.rows * grid.columns],
        'tile size': [slice.width, slice.height],
        'whole size': [whole.width, whole.height],
      };
    };
  },
};

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
