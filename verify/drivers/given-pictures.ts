/** What each picture of a recorded batch is given. */
import type { JsonObject } from '#engine/contract/config-files.ts';
import type { Grid } from '#engine/node/wire.ts';
import type { ComputedTensor } from '../cases/comparison.ts';
import type { RecordedCase, RecordedTensor } from '../cases/recorded-case.ts';
import type { GraphRow, PackedInput, RecordedInput } from '../cases/rows/case-row.ts';
import type { Given } from './run-graph.ts';

/** One list a picture, in the order of the batch. */
export function givenByPicture(
  { inputs }: GraphRow,
  recorded: RecordedCase,
): readonly (readonly Given[])[] {
  const given = Object.entries(inputs).map(([name, target]) => givenFor(target, name, recorded));
  return (given[0] ?? []).map((_, place) => given.flatMap((pictures) => pictures[place] ?? []));
}

export const isPacked = (target: RecordedInput): target is PackedInput =>
  typeof target !== 'string' && 'grids' in target;

/** One of each picture. */
function givenFor(
  target: RecordedInput,
  name: string,
  { inputs, config }: RecordedCase,
): readonly Given[] {
  const recorded = (of: string) => inputs.get(of) as RecordedTensor;
  const [, node = '', tensor = ''] =
    /^([^.]+)\.(.+)$/.exec(typeof target === 'string' ? target : target.tensor) ?? [];
  const as = (value: ComputedTensor): Given => ({ node, tensor, value });
  if (typeof target === 'string') return picturesOf(recorded(name)).map(as);
  if (isPacked(target)) return unpacked(recorded(name), target, inputs, config).map(as);
  // What fills up a batch is not there at all for one picture by itself.
  const masks = picturesOf(recorded(target.keptBy));
  return picturesOf(recorded(name)).map((value, picture) => {
    const data = Array.from(value.data).filter((_, place) => masks[picture]?.data[place] !== 0);
    return as({ shape: [1, data.length], data });
  });
}

/** [B, ...] → [1, ...] each */
function picturesOf({ shape, data }: RecordedTensor): readonly ComputedTensor[] {
  const [batch = 1, ...rest] = shape;
  const size = data.length / batch;
  return Array.from({ length: batch }, (_, place) => ({
    shape: [1, ...rest],
    data: data.slice(place * size, (place + 1) * size),
  }));
}

/** [N, D] → [1, rows, columns, D] of each picture */
function unpacked(
  { shape, data }: RecordedTensor,
  { grids }: PackedInput,
  inputs: RecordedCase['inputs'],
  config: JsonObject,
): readonly ComputedTensor[] {
  const [count = 0, channels = 0] = shape;
  let start = 0;
  return gridsOf(grids, count, inputs, config).map(({ rows, columns }) => {
    const end = start + rows * columns * channels;
    const picture = { shape: [1, rows, columns, channels], data: data.slice(start, end) };
    start = end;
    return picture;
  });
}

function gridsOf(
  grids: PackedInput['grids'],
  count: number,
  inputs: RecordedCase['inputs'],
  config: JsonObject,
): readonly Grid[] {
  if ('side' in grids) {
    const side = Number(config[grids.side]);
    return Array.from({ length: count / side ** 2 }, () => ({ rows: side, columns: side }));
  }
  const patch = Number(config[grids.patchSize]);
  const sizes = inputs.get(grids.sizes) as RecordedTensor;
  return picturesOf(sizes).map(({ data: [height = 0, width = 0] }) => ({
    rows: height / patch,
    columns: width / patch,
  }));
}
