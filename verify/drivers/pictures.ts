/** Cases of an encoder that takes pictures of any size, several of which are recorded in one tensor: each is run by itself. */
import { ok } from '#engine/contract/outcome.ts';
import type { WireOf } from '#engine/node/wire.ts';
import { inputPrefix, outputPrefix } from '#engine/plan/node-body.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { float32, type Tensor } from '#host/sessions/sessions.ts';
import type { Driver } from './case-check.ts';
import type { PicturesRow } from '../cases/rows/case-row.ts';
import { compareTensors, type Comparison } from '../cases/comparison.ts';
import { heldPictures, inRecordedOrder, type HeldPicture } from './held-pictures.ts';
import { setNode } from './node-params.ts';
import type { RecordedTensor } from '../cases/recorded-case.ts';

export const picturesDriver: Driver<PicturesRow> = async (row, recorded, workbench) => {
  const node = setNode(row.node, recorded, recorded.files);
  if (typeof node === 'string') return { unsupported: node };
  const pictures = heldPictures(row, recorded);
  const comparisons: Comparison[] = [];
  for (const [name, params] of Object.entries(row.outputs)) {
    const expected = recorded.outputs.get(name);
    if (!expected) continue;
    const tokens: Tensor[] = [];
    for (const { width, height, frames, data } of pictures) {
      const pixels: WireOf<'pixels'> = { kind: 'pixels', width, height, ...clipOf(frames) };
      const set = { ...node, params: { ...node.params, ...params } };
      const built = buildSingleNode({ ...set, inputs: { pixels } });
      if (!built.ok) return built;
      const feed = float32(data, [frames, 3, height, width]);
      const ran = await workbench.run(built.value.model, { [`${inputPrefix}pixels`]: feed });
      if (!ran.ok) return ran;
      tokens.push(ran.value[`${outputPrefix}tokens`] as Tensor);
    }
    const data = laidOut(tokens, pictures, row.held, expected);
    comparisons.push(
      compareTensors(name, { shape: expected.shape, data }, expected, recorded.atol),
    );
  }
  return ok(comparisons);
};

/** A picture is one frame. */
const clipOf = (frames: number): Pick<WireOf<'pixels'>, 'views'> =>
  frames === 1
    ? {}
    : { views: { known: true, views: frames, most: frames, items: 1, media: 'video' } };

/** Tokens of all pictures as they are recorded: one run of them, or a row of places for each, the rest of which is 0. */
function laidOut(
  tokens: readonly Tensor[],
  pictures: readonly HeldPicture[],
  held: PicturesRow['held'],
  { shape }: RecordedTensor,
): Float32Array {
  const channels = shape.at(-1) ?? 0;
  const total = shape.reduce((product, size) => product * size, 1);
  const ordered = tokens.map(({ data, dims }, index) =>
    inRecordedOrder(data as Float32Array, dims[1] ?? 0, pictures[index] as HeldPicture, held),
  );
  if (held !== 'framed with a mask' && held !== 'filled-up patches') {
    const all = Float32Array.from(ordered.flatMap((each) => Array.from(each)));
    // A count that differs shows as numbers that are none.
    return all.length === total ? all : new Float32Array(total).fill(NaN);
  }
  const laid = new Float32Array(total);
  const perPicture = total / pictures.length;
  for (const [index, each] of ordered.entries()) {
    const { columns, across = columns } = pictures[index] as HeldPicture;
    const isSingle = each.length === channels;
    for (let place = 0; place * channels < each.length; place++) {
      const at = isSingle ? 0 : across * Math.floor(place / columns) + (place % columns);
      const token = each.subarray(place * channels, (place + 1) * channels);
      laid.set(token, index * perPicture + at * channels);
    }
  }
  return laid;
}
