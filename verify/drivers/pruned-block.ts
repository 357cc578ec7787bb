/** Cases of one block of a vision transformer in which patches go, given how well each fits the slots. */
import { ok } from '#engine/contract/outcome.ts';
import { pruneByImportance } from '#engine/onnx/blocks/token-pruning.ts';
import { transformerLayers } from '#engine/onnx/blocks/vision-transformer.ts';
import { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { range } from '#engine/onnx/operators.ts';
import { float32, type Tensor } from '#host/sessions/sessions.ts';
import { vitLayers } from '#nodes/encoder/layers/vit-layers.ts';
import { vitLayouts } from '#nodes/encoder/names/vit-names.ts';
import type { Driver } from './case-check.ts';
import type { PrunedBlockRow } from '../cases/rows/case-row.ts';
import { compareTensors, type ComputedTensor } from '../cases/comparison.ts';
import type { RecordedCase, RecordedTensor } from '../cases/recorded-case.ts';
import type { Workbench } from '../workbench.ts';

const prefixTokens = 1;

export const prunedBlockDriver: Driver<PrunedBlockRow> = async (row, recorded, workbench) => {
  const { outputs, atol } = recorded;
  const [tokens, kept] = [row.tokens, row.kept].map((name) => outputs.get(name) as RecordedTensor);
  const ran = await runBlock(row, recorded, workbench);
  if (!ran.ok) return ran;
  const places = Array.from(ran.value.places).filter((place) => place >= 0);
  // The reference keeps them in no order that it promises: held to is which they are, and what each has become.
  const order = Array.from(kept?.data ?? [], (place) => places.indexOf(place));
  const rows = [0, ...order.map((at) => prefixTokens + at), prefixTokens + places.length];
  return ok([
    compareTensors(
      row.kept,
      { shape: [1, places.length], data: order.map((at) => places[at] ?? NaN) },
      kept as RecordedTensor,
      atol,
    ),
    compareTensors(row.tokens, rowsOf(ran.value.tokens, rows), tokens as RecordedTensor, atol),
  ]);
};

async function runBlock(
  { inputs, temperature }: PrunedBlockRow,
  { config, folder, inputs: given }: RecordedCase,
  workbench: Workbench,
) {
  const figure = (name: string) => Number(config[name]);
  const [x, slots] = [inputs.tokens, inputs.slots].map((name) => given.get(name) as RecordedTensor);
  const shape = {
    imageSize: 1,
    patchSize: 1,
    layerCount: 1,
    hiddenSize: figure('dim'),
    headCount: figure('num_heads'),
    feedForwardSize: figure('dim') * figure('mlp_ratio'),
    activation: 'gelu',
    normEpsilon: figure('layer_norm_eps'),
  } as const;
  const g = new GraphBuilder();
  const source = { kind: 'checkpoint', folder } as const;
  const layouts = vitLayouts({ ...shape, usedLayers: 1 });
  g.weightsFrom({ origin: { node: 'case', source, layouts }, blocks: null }, () => {
    const tokens = g.input('tokens', 'float32', x?.shape ?? []);
    const fits = g.input('slots', 'float32', slots?.shape ?? []);
    const patches = (x?.shape[1] ?? 0) - prefixTokens;
    const places = range(g, g.scalar('int64', 0), g.scalar('int64', patches), patches);
    const host = { prefixTokens, headCount: shape.headCount, block: 0 };
    const hidden = transformerLayers(g, tokens, vitLayers(g, shape), {
      norm: { kind: 'layer', epsilon: shape.normEpsilon },
      count: 1,
      queryKey: false,
      hooks: {
        keyBias: () => null,
        meeting: () => null,
        reduce: () => (all, seen) => {
          const of = { tokens: all, places };
          const pruned = pruneByImportance(g, of, seen, fits, figure(temperature), host);
          g.tap('kept', pruned.places);
          return pruned.tokens;
        },
      },
    });
    g.output('hidden', hidden);
    g.output('kept', g.tapped('kept'));
  });
  const feed = (tensor: RecordedTensor | undefined) =>
    float32(Float32Array.from(tensor?.data ?? []), tensor?.shape ?? []);
  const ran = await workbench.run(g.finish(), { tokens: feed(x), slots: feed(slots) });
  if (!ran.ok) return ran;
  const { dims, data } = ran.value['hidden'] as Tensor;
  const places = Array.from((ran.value['kept'] as Tensor).data as BigInt64Array, Number);
  return ok({ tokens: { shape: dims, data: data as Float32Array }, places });
}

/** Rows of [1, N, D], in this order. */
function rowsOf({ shape, data }: ComputedTensor, rows: readonly number[]): ComputedTensor {
  const width = shape[2] ?? 0;
  const numbers = rows.flatMap((row) => Array.from(data.slice(row * width, (row + 1) * width)));
  return { shape: [1, numbers.length / width, width], data: Float32Array.from(numbers) };
}
