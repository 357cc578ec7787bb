/** Pooled heads of keys and values: the model with their means in its checkpoint, and the same model where heads agree. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Json } from '#engine/contract/document.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import type { WeightsPart } from '#engine/node/part.ts';
import { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import type { NamedTensor } from '#engine/onnx/weight.ts';
import { checkWithFiles } from '#host/check-with-files.ts';
import { writeKnownWeights } from '#host/weights/known-weights.testing.ts';
import { writeSafetensors, type KnownTensor } from '#host/weights/write-safetensors.testing.ts';
import { NodeBench } from '#verify/node-bench.testing.ts';
import { openSmallDecoder, smallDecoders, smallModels } from '#verify/small-decoder.testing.ts';
import { catalogue } from '../index.ts';
import { decoderGraphs } from '../language/decoder-graph.ts';
import type { DecoderArchitecture } from '../language/architecture/decoder-architecture.ts';
import { decoderKeyLayouts } from '../language/decoder-names.ts';
import { largestError } from '../slow-formulas.testing.ts';
import { groupedQuery } from './grouped-query.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const ids = [5, 90, 17, 17, 33, 4, 61, 2];
type Tensors = ReadonlyMap<string, KnownTensor>;

/** With a key and a value for each of its four heads, and biases. */
const architecture: DecoderArchitecture = {
  ...smallDecoders['qwen2, tied embeddings'],
  keyValueHeadCount: 4,
};

function part(heads: number): WeightsPart {
  if (groupedQuery.body.kind !== 'part') throw new Error('It is a part.');
  return groupedQuery.body.part({
    params: { storedHeads: 4, heads, modules: 'k_proj, v_proj' },
    node: 'part',
    withWeights: (_, body) => body(),
    newGraph: () => {
      throw new Error('It has no graph of its own.');
    },
  }) as WeightsPart;
}

/** Logits of a prompt; `heads` pools the checkpoint's to so many, null takes it as it is. */
async function logits(folder: string, keyValueHeadCount: number, pools: boolean) {
  const own = { ...architecture, keyValueHeadCount };
  const source = { kind: 'checkpoint', folder } as const;
  const origin = { node: 'decoder', source, layouts: decoderKeyLayouts(own) };
  const change = part(keyValueHeadCount).change;
  const graphs = decoderGraphs(own, { boundaries: [], feedForwards: [] }, (emit) => {
    const g = new GraphBuilder();
    const pooling = {
      change: (builder: GraphBuilder, tensor: NamedTensor) =>
        change(builder, tensor, { ...tensor, publishedNames: [tensor.name] }),
    };
    g.weightsFrom({ origin, blocks: null, ...(pools && pooling) }, () => emit(g));
    return g.finish();
  });
  const { model } = await openSmallDecoder(bench, graphs);
  const [outputs] = await model.begin(await model.embed(ids), [], 'all', 0);
  return Array.from(outputs?.['logits']?.data as Float32Array);
}

async function folderWith(tensors: Tensors): Promise<string> {
  const folder = await bench.newFolder();
  await writeSafetensors(join(folder, 'model.safetensors'), tensors);
  return folder;
}

async function knownTensors(): Promise<Tensors> {
  const folder = await bench.newFolder();
  const { embed, decoder } = smallModels(architecture, folder);
  return writeKnownWeights(folder, [embed, decoder.model], 3);
}

/** Each tensor of keys and values with its heads changed: `of` gives head `head` of the result. */
function withHeads(
  tensors: Tensors,
  heads: number,
  of: (head: number, stored: readonly Float32Array[]) => Float32Array,
): Tensors {
  const result = new Map(tensors);
  for (const [name, { shape, data }] of tensors) {
    if (!/\.[kv]_proj\./.test(name)) continue;
    const size = data.length / 4;
    const stored = [0, 1, 2, 3].map((head) => data.slice(head * size, (head + 1) * size));
    const changed = Array.from({ length: heads }, (_, head) => [...of(head, stored)]);
    const [rows = 0, ...rest] = shape;
    result.set(name, {
      shape: [(rows * heads) / 4, ...rest],
      data: Float32Array.from(changed.flat()),
    });
  }
  return result;
}

const meanOf = (all: readonly Float32Array[]): Float32Array =>
  (all[0] as Float32Array).map(
    (_, at) => all.reduce((sum, each) => sum + (each[at] ?? NaN), 0) / all.length,
  );

describe.each([
  ['multi-query', 1],
  ['grouped-query', 2],
])('%s attention', (_name, heads) => {
  const group = 4 / heads;

  test('of a pooled checkpoint is that of a checkpoint of the means of neighbouring heads', async () => {
    const tensors = await knownTensors();
    const means = withHeads(tensors, heads, (head, stored) =>
      meanOf(stored.slice(head * group, (head + 1) * group)),
    );
    const pooled = await logits(await folderWith(tensors), heads, true);
    const expected = await logits(await folderWith(means), heads, false);
    expect(largestError(pooled, expected)).toBeLessThan(1e-5);
    const whole = await logits(await folderWith(tensors), 4, false);
    expect(largestError(pooled, whole)).toBeGreaterThan(0.05);
  });

  test('loses nothing where the heads that come to share are the same', async () => {
    const alike = withHeads(
      await knownTensors(),
      4,
      (head, stored) => stored[Math.floor(head / group)] as Float32Array,
    );
    const folder = await folderWith(alike);
    const whole = await logits(folder, 4, false);
    expect(largestError(await logits(folder, heads, true), whole)).toBeLessThan(1e-4);
  });
});

describe('in a graph', () => {
  const graph = (params: Readonly<Record<string, Json>>) =>
    sketchDocument(
      {
        prompt: ['input/prompt'],
        language: ['language/decoder', { model: 'shapes-llava' }],
        pooling: ['weights/grouped-query', params],
      },
      ['prompt.text > language.prompt', 'pooling.part > language.weightChanges'],
    );

  test('it is no problem', async () => {
    expect(await checkWithFiles(graph({ storedHeads: 6, heads: 3 }), '')).toEqual([]);
  });

  test('heads that do not divide, and pooling of nothing, are refused', () => {
    expect(checkGraph(graph({ storedHeads: 32, heads: 5 }), catalogue).problems).toMatchObject([
      { code: 'arrangement-unsupported', node: 'pooling', param: 'heads' },
    ]);
    expect(checkGraph(graph({ modules: ', ' }), catalogue).problems).toMatchObject([
      { code: 'param-invalid', node: 'pooling', param: 'modules' },
    ]);
  });
});
