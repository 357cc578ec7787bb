/** What DeepSeek-VL and Vary make of SAM's map, against a slow formula behind SAM's own layers. */
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { countParameters } from '#engine/estimate/model-cost.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { writeKnownWeights } from '#host/weights/known-weights.testing.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { config, refusal, taken } from '#verify/taking-config.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { catalogue } from '../index.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { largestError } from '../slow-formulas.testing.ts';
import { samDownsampledLayouts } from './names/sam-downsampled-names.ts';
import { samDownsampled } from './sam-downsampled.ts';
import { samVit } from './sam-vit.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const side = 8;
const figures = {
  model: 'custom',
  imageSize: 32,
  patchSize: 4,
  hiddenSize: 16,
  layerCount: 4,
  headCount: 2,
  feedForwardSize: 24,
  windowSize: 3,
  globalEvery: 2,
  outputSize: 4,
};

/** Channels of squares of numbers. */
type Maps = readonly (readonly (readonly number[])[])[];

const upTo = (count: number) => Array.from({ length: count }, (_, at) => at);

/** `weight` [out, in, kernel, kernel]; zeros around. */
function convolve(maps: Maps, weight: Float32Array, kernel: number, stride: number): Maps {
  const [inputs, size] = [maps.length, maps[0]!.length];
  const pad = (kernel - 1) / 2;
  const places = Math.floor((size + 2 * pad - kernel) / stride) + 1;
  return upTo(weight.length / (inputs * kernel ** 2)).map((out) =>
    upTo(places).map((row) =>
      upTo(places).map((column) => {
        let sum = 0;
        for (const channel of upTo(inputs))
          for (const y of upTo(kernel))
            for (const x of upTo(kernel)) {
              const number = maps[channel]![row * stride + y - pad]?.[column * stride + x - pad];
              const at = ((out * inputs + channel) * kernel + y) * kernel + x;
              sum += (number ?? 0) * weight[at]!;
            }
        return sum;
      }),
    ),
  );
}

function normChannels(maps: Maps, weight: Float32Array, bias: Float32Array): Maps {
  const at = (row: number, column: number) => maps.map((map) => map[row]![column]!);
  const mean = (numbers: readonly number[]) =>
    numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  return maps.map((map, channel) =>
    map.map((line, row) =>
      line.map((number, column) => {
        const centre = mean(at(row, column));
        const spread = mean(at(row, column).map((each) => (each - centre) ** 2));
        return ((number - centre) / Math.sqrt(spread + 1e-6)) * weight[channel]! + bias[channel]!;
      }),
    ),
  );
}

/** Borders on borders, without antialiasing. */
function stretch(maps: Maps, to: number): Maps {
  const size = maps[0]!.length;
  const taps = (at: number) => {
    const place = Math.max(((at + 0.5) * size) / to - 0.5, 0);
    const first = Math.min(Math.floor(place), size - 1);
    const share = place - first;
    return [
      [first, 1 - share],
      [Math.min(first + 1, size - 1), share],
    ] as const;
  };
  return maps.map((map) =>
    upTo(to).map((row) =>
      upTo(to).map((column) =>
        taps(row)
          .flatMap(([y, down]) => taps(column).map(([x, across]) => map[y]![x]! * down * across))
          .reduce((sum, number) => sum + number, 0),
      ),
    ),
  );
}

it.each([
  [12, true],
  [8, false],
])(
  'a map stretched to %i and halved twice, with early features %s',
  async (stretchedSide, addsEarly) => {
    const folder = await bench.newFolder();
    const weights = { kind: 'checkpoint', folder };
    const inputs = { pixels: { kind: 'pixels', height: 32, width: 32 } as const };
    const own = { ...figures, weights, stretchedSide, addsEarly };
    const node = { definition: samDownsampled, params: own, inputs };
    const { model, outputs } = valueOf(buildSingleNode(node));
    const known = await writeKnownWeights(folder, [model], 5);
    const numbers = (name: string) => known.get(name)!.data;
    const pixels = { pixels: float32(normalNumbers(3 * 32 * 32, 4), [1, 3, 32, 32]) };

    const behind = async (featureLayer: number): Promise<Maps> => {
      const params = { ...figures, weights, featureLayer, select: 'patches' };
      const { tokens } = await bench.runNode({ definition: samVit, params, inputs }, pixels);
      const data = floatsOf(tokens);
      return upTo(16).map((channel) =>
        upTo(side).map((row) =>
          upTo(side).map((column) => data[(row * side + column) * 16 + channel]!),
        ),
      );
    };
    const small = (maps: Maps, neck: string): Maps => {
      const norm = (given: Maps, name: string) =>
        normChannels(given, numbers(`${name}.weight`), numbers(`${name}.bias`));
      const narrow = norm(
        convolve(maps, numbers(`${neck}.conv1.weight`), 1, 1),
        `${neck}.layer_norm1`,
      );
      const mixed = norm(
        convolve(narrow, numbers(`${neck}.conv2.weight`), 3, 1),
        `${neck}.layer_norm2`,
      );
      const middle = convolve(stretch(mixed, stretchedSide), numbers('downsamples.0.weight'), 3, 2);
      return convolve(middle, numbers('downsamples.1.weight'), 3, 2);
    };
    const last = small(await behind(-1), 'neck');
    const early = addsEarly ? small(await behind(-3), 'neck_hd') : null;
    const share = addsEarly ? numbers('hd_alpha_downsamples')[0]! : 0;
    const left = stretchedSide / 4;
    const expected = upTo(left ** 2).flatMap((place) =>
      upTo(16).map((channel) => {
        const [row, column] = [Math.floor(place / left), place % left];
        return last[channel]![row]![column]! + share * (early?.[channel]?.[row]?.[column] ?? 0);
      }),
    );
    const { tokens } = await bench.runNode(node, pixels);
    expect(outputs['tokens']).toMatchObject({
      count: { tokens: left ** 2 },
      channels: 16,
      grid: { rows: left, columns: left },
    });
    expect(tokens?.dims).toEqual([1, left ** 2, 16]);
    expect(largestError(floatsOf(tokens), expected)).toBeLessThan(5e-5);
  },
);

test('the published sizes leave 576 and 256 tokens of 1024 channels', () => {
  const built = (model: string) => {
    const inputs = { pixels: { kind: 'pixels', height: 1024, width: 1024 } as const };
    return valueOf(buildSingleNode({ definition: samDownsampled, params: { model }, inputs }));
  };
  const sam = { kind: 'pixels', height: 1024, width: 1024 } as const;
  const plain = valueOf(
    buildSingleNode({ definition: samVit, params: { model: 'b' }, inputs: { pixels: sam } }),
  );
  const neck = 768 * 256 + 9 * 256 ** 2 + 4 * 256;
  const halving = 9 * 256 * 512 + 9 * 512 * 1024;
  expect(built('deepseek-vl').outputs['tokens']).toMatchObject({
    count: { tokens: 576 },
    channels: 1024,
  });
  expect(built('vary').outputs['tokens']).toMatchObject({ count: { tokens: 256 }, channels: 1024 });
  const own = countParameters([plain.model]);
  expect(countParameters([built('vary').model])).toBe(own + halving);
  expect(countParameters([built('deepseek-vl').model])).toBe(own + halving + neck + 1);
});

test('checkpoints of all four kinds have their own names', () => {
  const named = (title: string) => {
    const layout = samDownsampledLayouts.find((each) => each.title === title);
    return ['layers.0.attn.qkv.bias', 'layers.1.layer_norm1.weight', 'neck_hd.conv2.weight']
      .concat('neck.layer_norm2.bias', 'downsamples.1.weight', 'hd_alpha_downsamples')
      .map((name) => layout?.key(name));
  };
  const tower = 'vision_model.vision_tower_high.vision_tower.';
  expect(named('DeepSeek-VL')).toEqual([
    `${tower}blocks.0.attn.qkv.bias`,
    `${tower}blocks.1.norm1.weight`,
    `${tower}neck_hd.2.weight`,
    `${tower}neck.3.bias`,
    `${tower}downsamples.1.weight`,
    `${tower}hd_alpha_downsamples`,
  ]);
  expect(named('DeepSeek-VL, Hugging Face')).toEqual([
    'model.high_res_vision_model.vision_encoder.layers.0.attn.qkv.bias',
    'model.high_res_vision_model.vision_encoder.layers.1.layer_norm1.weight',
    'model.high_res_vision_neck.conv2.weight',
    'model.high_res_vision_model.vision_encoder.neck.layer_norm2.bias',
    'model.high_res_vision_proj.conv2.weight',
    'model.high_res_vision_alpha',
  ]);
  expect(named('Vary')[4]).toBe('transformer.vision_tower_high.net_3.weight');
  expect(named('GOT-OCR')[0]).toBe('model.vision_tower_high.blocks.0.attn.qkv.bias');
});

describe('DeepSeek-VL 7B', () => {
  test('lays what SAM and SigLIP see of 576 places side by side', () => {
    const checked = checkGraph(
      sketchDocument(
        {
          image: ['input/image', { source: { kind: 'sample', name: 'still-life' } }],
          large: ['vision/preprocess', { geometry: 'fit' }],
          small: ['vision/preprocess', { geometry: 'fit', normalisation: 'half' }],
          sam: ['encoder/sam-downsampled'],
          siglip: ['encoder/siglip', { model: 'large-p16-384', featureLayer: -1 }],
          projector: ['projector/hybrid-mlp', { outputWidth: 4096 }],
        },
        [
          'image.image > large.image',
          'image.image > small.image',
          'large.pixels > sam.pixels',
          'small.pixels > siglip.pixels',
          'sam.tokens > projector.high',
          'siglip.tokens > projector.low',
        ],
      ),
      catalogue,
    );
    expect(checked.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(checked.nodes['large']?.outputs['pixels']).toMatchObject({ width: 1024 });
    expect(checked.nodes['projector']?.outputs['tokens']).toMatchObject({
      count: { tokens: 576 },
      channels: 4096,
      grid: { rows: 24, columns: 24 },
    });
  });

  test('is known by its configurations', () => {
    const published = { value: { params: { model: 'deepseek-vl' } } };
    const took = (json: Parameters<typeof config>[0]) => taken(samDownsampled, config(json));
    expect(took({ model_type: 'deepseek_vl_hybrid' })).toMatchObject(published);
    expect(took({ vision_config: { cls: 'HybridVisionTower' } })).toMatchObject(published);
    expect(refusal(samDownsampled, config({ model_type: 'deepseek_vl' }))).toMatch(/two encoders/);
  });
});
