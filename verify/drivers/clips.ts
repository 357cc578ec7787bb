/** Cases of tokens of clips that are looked at clip by clip, all frames of one at once. */
import { ok } from '#engine/contract/outcome.ts';
import type { View } from '#engine/node/view.ts';
import { knownCount, type WireOf } from '#engine/node/wire.ts';
import { float32 } from '#host/sessions/sessions.ts';
import type { Driver } from './case-check.ts';
import type { ClipsRow } from '../cases/rows/case-row.ts';
import { compareTensors } from '../cases/comparison.ts';
import { setNode } from './node-params.ts';
import type { RecordedTensor } from '../cases/recorded-case.ts';
import { numbersOf, runViews } from './run-views.ts';

/** Input [B, clips, frames, N, D], output [B, clips, M, D]; each entry of the batch is a prompt of its own. */
export const clipsDriver: Driver<ClipsRow> = async (row, recorded, workbench) => {
  const node = setNode(row.node, recorded, recorded.files);
  if (typeof node === 'string') return { unsupported: node };
  const { shape, data } = recorded.inputs.get(row.input) as RecordedTensor;
  const [batch = 0, clips = 0, frames = 0, count = 0, channels = 0] = shape;
  const views = viewsOf(clips, frames);
  const size = views.length * count * channels;
  const wire: WireOf<'tokens'> = {
    kind: 'tokens',
    views: {
      known: true,
      views: views.length,
      most: views.length,
      items: clips,
      media: 'video',
    },
    count: knownCount(count),
    channels,
    prefixTokens: 0,
    grid: null,
  };
  const numbers: number[] = [];
  for (let prompt = 0; prompt < batch; prompt++) {
    const own = Float32Array.from(data.slice(prompt * size, (prompt + 1) * size));
    const tensors = { '': float32(own, [views.length, count, channels]) };
    const seen = { port: 'tokens', wire, batches: [{ tensors, views }] };
    const ran = await runViews([node], seen, workbench);
    if (!ran.ok) return ran;
    numbers.push(...numbersOf(ran.value.batches));
  }
  const expected = recorded.outputs.get(row.output);
  if (!expected) return ok([]);
  const latents = numbers.length / (batch * clips * channels);
  const computed = {
    shape: [batch, clips, latents, channels],
    data: Float32Array.from(numbers),
  };
  return ok([compareTensors(row.output, computed, expected, recorded.atol)]);
};

const viewsOf = (clips: number, frames: number): readonly View[] =>
  Array.from({ length: clips * frames }, (_, index) => ({
    item: Math.floor(index / frames),
    media: 'video',
    role: 'frame',
    row: index % frames,
    column: 0,
    original: { width: 1, height: 1 },
  }));
