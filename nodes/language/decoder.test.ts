/** A decoder reads from its cache what it would read without one, in every family's shape. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LanguageModel } from '#host/language/language-model.ts';
import { bool, float32, int64, type Session, type Tensor } from '#host/sessions/sessions.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import {
  openSmallDecoder,
  smallDecoders,
  smallModels,
  writeSmallDecoder,
} from '#verify/small-decoder.testing.ts';
import {
  decoderInput,
  newName,
  pastName,
  stateBytes,
  type KeyValueTensor,
} from '#engine/node/decoder-protocol.ts';
import { seededRandom } from '#engine/seeded-random.ts';
import { largestError } from '../slow-formulas.testing.ts';
import { positionParts } from './architecture/positions.ts';
import {
  standardArchitecture,
  type DecoderArchitecture,
} from './architecture/decoder-architecture.ts';
import { decoderState } from './cached-state.ts';
import { architectureProblem } from './decoder-model.ts';
import { publishedDecoders } from './published-decoders.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const random = seededRandom(11);
const ids = Array.from({ length: 90 }, () => Math.floor(random() * 97));
/** Float32 sums of some hundred products, taken in another order. */
const tolerance = 1e-4;

async function open(architecture: DecoderArchitecture) {
  const folder = await writeSmallDecoder(bench, architecture);
  const models = smallModels(architecture, folder);
  const opened = await openSmallDecoder(bench, models);
  /** Another sequence, with a cache of its own. */
  const fresh = async () => (await openSmallDecoder(bench, models)).model;
  return { ...opened, fresh };
}

describe.for(Object.entries(smallDecoders))('%s', ([, architecture]) => {
  test('answers token by token as if it read all at once', async () => {
    const { model, fresh } = await open(architecture);
    const [outputs] = await model.begin(await model.embed(ids), [], 'all', 0);
    const all = floatsOf(outputs?.['logits']);
    const width = architecture.vocabularySize;
    const row = (place: number) => all.subarray(place * width, (place + 1) * width);
    // The model tells tokens apart, so that agreement says something.
    expect(largestError(row(40), row(41))).toBeGreaterThan(0.1);

    /** The largest error from the start to `end`, and the sizes that the cache had meanwhile. */
    const stepwise = async (stepping: LanguageModel, end: number) => {
      const start = 5;
      const rooms = new Set<number>();
      // Nothing is expected to follow, so room for the cache is made again every 16 tokens.
      let logits = await stepping.prefill(await stepping.embed(ids.slice(0, start)), [], 0);
      let worst = largestError(logits, row(start - 1));
      for (let place = start; place < end; place++) {
        logits = await stepping.extend([ids[place] ?? 0], 'last', 0);
        worst = Math.max(worst, largestError(logits, row(place)));
        rooms.add(stepping.state.keyValueBytes);
      }
      return { worst, rooms: rooms.size };
    };
    const grown = await stepwise(await fresh(), ids.length);
    expect(grown.worst).toBeLessThan(tolerance);
    expect(grown.rooms).toBe(6);
    // Where the sequence before was longer, its keys and values still lie in the room that stays.
    const again = await stepwise(model, 20);
    expect(again.worst).toBeLessThan(tolerance);
    expect(again.rooms).toBe(1);
  });

  test.for([false, true])(
    'reads several tokens at once behind a cache with room to spare (fused: %s)',
    async (fused) => {
      const { model, embed, decoder } = await open(architecture);
      const [outputs] = await model.begin(await model.embed(ids.slice(0, 24)), [], 'all', 0);
      const expected = floatsOf(outputs?.['logits']);

      const embeddings = await embed.run({ ids: int64(ids.slice(0, 24), [1, 24]) });
      const rows = floatsOf(embeddings['embeddings']);
      const inPieces: number[] = [];
      let cache: Cache = { length: 0, tensors: {} };
      for (const end of [9, 10, 17, 24]) {
        const step = await feed(architecture, decoder, cache, rows, { end, fused });
        inPieces.push(...step.logits);
        cache = step.cache;
      }
      expect(largestError(inPieces, expected)).toBeLessThan(tolerance);
    },
  );
});

test('of a latent, the cache holds one short vector a token and layer', () => {
  const architecture = publishedDecoders['minicpm3-4b'];
  const state = decoderState(architecture, []);
  expect(state[1]).toMatchObject({ name: '1.latent', heads: 1, size: 256 + 32 });
  const { keyValueBytes } = stateBytes(state, [1000]);
  expect(keyValueBytes).toBe(1000 * 62 * (256 + 32) * 4);
  // Keys and values of its 40 heads would be 22 times as many.
  const { keyValueBytes: apart } = stateBytes(
    decoderState({ ...architecture, attention: 'grouped' }, []),
    [1000],
  );
  expect(apart / keyValueBytes).toBeGreaterThan(22);
});

test.for<[string, DecoderArchitecture, string | null]>([
  ['a window', { ...standardArchitecture, attentionWindow: 6 }, null],
  [
    'a window in a prompt that is seen whole',
    { ...standardArchitecture, attentionWindow: 6, promptAttention: 'prefix' },
    'attentionWindow',
  ],
  [
    'bent scores in a prompt that is seen whole',
    { ...standardArchitecture, attentionSoftCap: 50, promptAttention: 'prefix' },
    'attentionSoftCap',
  ],
  [
    'biases by distance in a prompt that is seen whole',
    { ...standardArchitecture, positions: 'alibi', promptAttention: 'prefix' },
    'positions',
  ],
  [
    'longrope that leaves out windows',
    {
      ...standardArchitecture,
      attentionWindow: 6,
      windowRotaryScaling: false,
      rotaryScaling: 'longrope',
    },
    'windowRotaryScaling',
  ],
])('%s is built, or refused where it is chosen', ([, architecture, param]) => {
  const problem = architectureProblem(architecture);
  expect(problem && [problem.code, problem.param]).toEqual(
    param && ['arrangement-unsupported', param],
  );
});

interface Cache {
  readonly length: number;
  /** `past.<layer>.<part>` [1, heads, capacity, size] */
  readonly tensors: Readonly<Record<string, Tensor>>;
}

/** Feeds the tokens from the cache's end to `end` by the inputs of the decoder's protocol. */
async function feed(
  architecture: DecoderArchitecture,
  decoder: Session,
  cache: Cache,
  rows: Float32Array,
  { end, fused }: { readonly end: number; readonly fused: boolean },
): Promise<{ logits: Float32Array; cache: Cache }> {
  const { hiddenSize, attentionWindow, fullAttentionEvery } = architecture;
  const parts = positionParts(architecture);
  const { length } = cache;
  const held = int64([length], []);
  const count = end - length;
  const places = Array.from({ length: count }, (_, place) => place);
  const state = decoderState(architecture, []);
  const none = ({ heads, size }: KeyValueTensor) =>
    float32(new Float32Array(0), [1, heads, 0, size]);
  const empty = Object.fromEntries(state.map((kept) => [pastName(kept), none(kept)]));
  const outputs = await decoder.run({
    embeddings: float32(rows.slice(length * hiddenSize, end * hiddenSize), [1, count, hiddenSize]),
    positions: int64(
      Array.from({ length: parts }, () => places.map((place) => length + place)).flat(),
      [parts, count],
    ),
    logitRows: int64(places),
    [decoderInput.fused]: bool(fused),
    ...((attentionWindow === null || fullAttentionEvery) && {
      [decoderInput.cachedLength(0)]: held,
    }),
    ...(attentionWindow !== null && { [decoderInput.windowLength(0)]: held }),
    ...(architecture.rotaryScaling === 'longrope' && { reach: int64([end - 1], []) }),
    ...empty,
    ...cache.tensors,
  });
  const capacity = end + 3;
  const tensors = state.map((kept) => {
    const { heads, size } = kept;
    // What lies behind the cached tokens is anything but zero.
    const room = new Float32Array(heads * capacity * size).fill(7);
    copyHeads(kept, cache.tensors[pastName(kept)] ?? none(kept), length, room, 0);
    copyHeads(kept, outputs[newName(kept)] as Tensor, count, room, length);
    return [pastName(kept), float32(room, [1, heads, capacity, size])] as const;
  });
  const grown = { length: end, tensors: Object.fromEntries(tensors) };
  return { logits: floatsOf(outputs['logits']), cache: grown };

  function copyHeads(
    { heads, size }: KeyValueTensor,
    from: Tensor,
    tokens: number,
    to: Float32Array,
    at: number,
  ): void {
    const stride = (from.dims[2] ?? 0) * size;
    for (let head = 0; head < heads; head++) {
      const run = floatsOf(from).subarray(head * stride, head * stride + tokens * size);
      to.set(run, (head * capacity + at) * size);
    }
  }
}
