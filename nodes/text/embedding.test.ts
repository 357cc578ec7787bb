import { afterAll, beforeAll, expect, test } from 'vitest';
import { join } from 'node:path';
import { estimatedCount } from '#engine/node/wire.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { int64 } from '#host/sessions/sessions.ts';
import { writeSafetensors } from '#host/weights/write-safetensors.testing.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { embedding } from './embedding.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const ids = { kind: 'token-ids', count: estimatedCount(4, 8) } as const;

test.for([
  ['the table of a language model', 'model.embed_tokens.weight', 1],
  ["BERT's words", 'bert.embeddings.word_embeddings.weight', 1],
  ['a table whose vectors its model scales', 'model.embed_tokens.weight', 1.5],
] as const)('%s gives each id its row', async ([, name, scale]) => {
  const folder = await bench.newFolder();
  const data = normalNumbers(9 * 4, 1);
  // What else the checkpoint holds belongs to other nodes.
  const others = { shape: [2], data: normalNumbers(2, 2) };
  await writeSafetensors(
    join(folder, 'model.safetensors'),
    new Map([
      [name, { shape: [9, 4], data }],
      ['model.norm.weight', others],
    ]),
  );
  const weights = { kind: 'checkpoint', folder } as const;
  const params = { model: 'custom', vocabularySize: 9, hiddenSize: 4, scale, weights };
  const said = [8, 0, 3, 3, 5];
  const { embeddings } = await bench.runNode(
    { definition: embedding, params, inputs: { ids } },
    { ids: int64(said, [1, 5]) },
  );
  const expected = said.flatMap((id) => Array.from(data.subarray(4 * id, 4 * id + 4)));
  expect(embeddings?.dims).toEqual([1, 5, 4]);
  expect(Array.from(floatsOf(embeddings))).toEqual(
    expected.map((number) => Math.fround(number * scale)),
  );
});

test('a published language model is as wide and knows as many tokens here as there', () => {
  const built = valueOf(
    buildSingleNode({ definition: embedding, params: { model: 'phi-2' }, inputs: { ids } }),
  );
  expect(built.outputs['embeddings']).toEqual({
    kind: 'text-embeddings',
    count: ids.count,
    channels: 2560,
  });
  const defaults = Object.entries(embedding.params).map(([name, { default: value }]) => [
    name,
    value,
  ]);
  const params = { ...Object.fromEntries(defaults), model: 'phi-2' } as never;
  expect(embedding.demand?.({ params, demands: {} })).toEqual({ ids: { vocabularySize: 51_200 } });
});
