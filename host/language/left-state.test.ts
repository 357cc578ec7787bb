/** A state that one run leaves is room for the next, and nothing that it held is seen there. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NodeBench } from '#verify/node-bench.testing.ts';
import {
  openSmallDecoder,
  smallDecoders,
  smallModels,
  writeSmallDecoder,
} from '#verify/small-decoder.testing.ts';
import { LanguageModel } from './language-model.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

test('the next model over a session finds the room that the one before left, once, and reads as in its own', async () => {
  const architecture = smallDecoders['llama, grouped queries'];
  const folder = await writeSmallDecoder(bench, architecture);
  const graphs = smallModels(architecture, folder);
  const { model: first, embed, decoder } = await openSmallDecoder(bench, graphs);
  const next = () => new LanguageModel(graphs, [], embed, decoder);
  const long = await first.embed(Array.from({ length: 90 }, (_, place) => (place * 37) % 97));
  const short = await first.embed([5, 9, 2, 61, 33]);

  const own = await next().prefill(short, [], 4);
  await first.prefill(long, [], 4);
  const roomBytes = first.state.keyValueBytes;
  first.leaveState();

  const second = next();
  expect(second.state).toMatchObject({ length: [0], keyValueBytes: roomBytes });
  expect(next().state.keyValueBytes).toBe(0);
  expect(await second.prefill(short, [], 4)).toEqual(own);
});
