/** Cases of tokens of tiles that are packed to one run a picture, alone or within words. */
import { join } from 'node:path';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { View } from '#engine/node/view.ts';
import type { WireOf } from '#engine/node/wire.ts';
import { embedSequence, visualSpans } from '#host/language/prompt-sequence.ts';
import { float32 } from '#host/sessions/sessions.ts';
import type { Batch, StageValue } from '#host/stages/stage-value.ts';
import type { Prompt } from '#host/text/prompt.ts';
import { bestGrid } from '#nodes/vision/tile-grids.ts';
import type { Driver } from './case-check.ts';
import type { PackingRow } from '../cases/rows/case-row.ts';
import { compareTensors, type Comparison, type ComputedTensor } from '../cases/comparison.ts';
import { setNode } from './node-params.ts';
import { readTensors, type RecordedCase, type RecordedTensor } from '../cases/recorded-case.ts';
import { gridsOf } from './grid.ts';
import { numbersOf, runViews } from './run-views.ts';

export const packingDriver: Driver<PackingRow> = async (row, recorded, workbench) => {
  // The few figures recorded are those of no node.
  const node = setNode({ ...row.node, paramKeys: {} }, recorded, {});
  if (typeof node === 'string') return { unsupported: node };
  const first = recorded.inputs.get(row.tokens[0] as string) as RecordedTensor;
  const side = Math.sqrt(first.shape[1] ?? 0);
  const wire: WireOf<'tokens'> = {
    kind: 'tokens',
    views: { known: false, views: 5, most: 5, items: row.tokens.length },
    count: { known: true, tokens: side ** 2, most: side ** 2 },
    channels: first.shape[2] ?? 0,
    prefixTokens: 0,
    grid: { rows: side, columns: side },
  };
  const batches = row.tokens.map((name, item) => pictureBatch(row, recorded, name, item));
  const comparisons: Comparison[] = [];
  for (const [name, { params, read }] of Object.entries(row.outputs)) {
    const expected = recorded.outputs.get(name);
    if (!expected) continue;
    const packing = { ...node, params: { ...node.params, ...params } };
    const packed = await runViews([packing], { port: 'tokens', wire, batches }, workbench);
    if (!packed.ok) return packed;
    const computed = await readings[read](row, recorded, packed.value.batches);
    if (!computed.ok) return computed;
    comparisons.push(compareTensors(name, computed.value, expected, recorded.atol));
  }
  return ok(comparisons);
};

function pictureBatch(
  { sizes }: PackingRow,
  recorded: RecordedCase,
  name: string,
  item: number,
): Batch {
  const { shape, data } = recorded.inputs.get(name) as RecordedTensor;
  const recordedSizes = recorded.inputs.get(sizes.name) as RecordedTensor;
  const [one = 0, other = 0] = recordedSizes.data.slice(2 * item, 2 * item + 2);
  const [width, height] = sizes.order === 'width, height' ? [one, other] : [other, one];
  const original = { width, height };
  const side = Number(recorded.config['tile_size'] ?? recorded.config['image_size']);
  const grid = bestGrid(original, gridsOf(recorded, side, sizes.order), side);
  const whole: View = { item, media: 'image', role: 'whole', row: 0, column: 0, original };
  const tiles = Array.from({ length: grid.rows * grid.columns }, (_, tile): View => ({
    ...whole,
    role: 'tile',
    row: Math.floor(tile / grid.columns),
    column: tile % grid.columns,
  }));
  return { tensors: { '': float32(Float32Array.from(data), shape) }, views: [whole, ...tiles] };
}

type Reading = (
  row: PackingRow,
  recorded: RecordedCase,
  batches: readonly Batch[],
) => Outcome<ComputedTensor> | Promise<Outcome<ComputedTensor>>;

const valueOf = (batches: readonly Batch[]): StageValue => ({ kind: 'tensors', batches });

const readings: Readonly<Record<PackingRow['outputs'][string]['read'], Reading>> = {
  run: (_row, _recorded, batches) => {
    const data = numbersOf(batches);
    const channels = batches[0]?.tensors['']?.dims.at(-1) ?? 1;
    return ok({ shape: [data.length / channels, channels], data });
  },
  length: (_row, _recorded, batches) => {
    const data = visualSpans(valueOf(batches)).map(({ count }) => count);
    return ok({ shape: [data.length], data });
  },
  async prompt(row, recorded, batches) {
    const rows = await embeddedRows(row, recorded, batches);
    if (!rows.ok) return rows;
    const longest = Math.max(...rows.value.map(({ length }) => length));
    const data = new Float32Array(longest * rows.value.length);
    for (const [index, each] of rows.value.entries()) data.set(each, index * longest);
    const channels = batches[0]?.tensors['']?.dims.at(-1) ?? 1;
    return ok({ shape: [rows.value.length, longest / channels, channels], data });
  },
  async mask(row, recorded, batches) {
    const rows = await embeddedRows(row, recorded, batches);
    if (!rows.ok) return rows;
    const channels = batches[0]?.tensors['']?.dims.at(-1) ?? 1;
    const lengths = rows.value.map(({ length }) => length / channels);
    const longest = Math.max(...lengths);
    const data = lengths.flatMap((length) =>
      Array.from({ length: longest }, (_, place) => (place < length ? 1 : 0)),
    );
    return ok({ shape: [lengths.length, longest], data });
  },
};

/** Each prompt with its picture's tokens, as a language model is given it. */
async function embeddedRows(
  { prompt }: PackingRow,
  { folder, inputs, config }: RecordedCase,
  batches: readonly Batch[],
): Promise<Outcome<readonly Float32Array[]>> {
  if (!prompt) throw new Error('Prompts are compared, but the row names none.');
  const weights = await readTensors(join(folder, 'model.safetensors'));
  if (!weights.ok) return weights;
  const { data: table, shape } = weights.value.get(prompt.table) as RecordedTensor;
  const channels = shape[1] ?? 0;
  const embed = (ids: readonly number[]): Promise<Float32Array> =>
    Promise.resolve(
      Float32Array.from(
        ids.flatMap((id) => Array.from(table.slice(id * channels, (id + 1) * channels))),
      ),
    );
  const ids = inputs.get(prompt.ids) as RecordedTensor;
  const mask = inputs.get(prompt.mask) as RecordedTensor;
  const length = ids.shape[1] ?? 0;
  const rows: Float32Array[] = [];
  for (const [index, span] of visualSpans(valueOf(batches)).entries()) {
    const seen = Array.from(ids.data.slice(index * length, (index + 1) * length)).filter(
      (_, place) => mask.data[index * length + place] === 1,
    );
    const at = seen.indexOf(Number(config['image_token_index']));
    const segments: Prompt['segments'] = [
      { kind: 'words', ids: seen.slice(0, at) },
      { kind: 'visual', run: 0 },
      { kind: 'words', ids: seen.slice(at + 1) },
    ];
    const sequence = { prompt: { text: '', segments }, visual: [span] };
    rows.push((await embedSequence({ embed }, sequence)).embeddings);
  }
  return ok(rows);
}
