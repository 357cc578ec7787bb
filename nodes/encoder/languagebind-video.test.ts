/** Clips whose frames look at one another, against a slow formula; no recorded case reaches the tower. */
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { countParameters } from '#engine/estimate/model-cost.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import type { WireOf } from '#engine/node/wire.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import {
  openKnownTower,
  slowLinear,
  slowNorm,
  slowSum,
  type KnownTower,
} from '#verify/known-tower.testing.ts';
import { NodeBench } from '#verify/node-bench.testing.ts';
import { config, read, refusal, taken } from '#verify/taking-config.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { tome } from '../compression/tome.ts';
import { catalogue } from '../index.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { attend, gelu, largestError, toRows, type Rows } from '../slow-formulas.testing.ts';
import { languageBindVideo } from './languagebind-video.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const small = {
  imageSize: 12,
  patchSize: 4,
  hiddenSize: 16,
  layerCount: 2,
  headCount: 2,
  feedForwardSize: 24,
  frameCount: 4,
};
/** A class token and 3 × 3 patches. */
const count = 10;
const clip = (frames: number) =>
  ({ known: true, views: frames, most: frames, items: 1, media: 'video' }) as const;

const open = () =>
  openKnownTower(bench, languageBindVideo, small, { featureLayer: -1 }, [12, 12], clip(4));
const pixelsOf = (frames: number) => Array.from(normalNumbers(3 * 12 * 12 * frames, 4));

function slowAttention(tower: KnownTower, name: string, rows: Rows): Rows {
  const part = (which: string) => slowLinear(tower, `${name}.${which}`, rows);
  const mixed = attend(part('q_proj'), part('k_proj'), part('v_proj'), small.headCount);
  return slowLinear(tower, `${name}.out_proj`, mixed);
}

/** One layer, place by place over frames and then frame by frame. */
function slowLayer(tower: KnownTower, index: number, tokens: Rows, frames: number): Rows {
  const layer = `encoder.layers.${index}`;
  const times = toRows(tower.numbers(`${layer}.temporal_embedding`), 16);
  const frameOf = (row: number) => Math.floor(row / count);
  const placed = tokens.map((row, at) =>
    row.map((number, channel) => number + (frames === 1 ? 0 : times[frameOf(at)]![channel]!)),
  );
  const over = slowNorm(tower, `${layer}.temporal_layer_norm1`, placed, 1e-5);
  const byPlace = Array.from({ length: count }, (_, place) =>
    slowAttention(
      tower,
      `${layer}.temporal_attn`,
      over.filter((_row, at) => at % count === place),
    ),
  );
  const looked = slowSum(
    placed,
    placed.map((_, at) => byPlace[at % count]![frameOf(at)]!),
  );
  const normed = slowNorm(tower, `${layer}.layer_norm1`, looked, 1e-5);
  const byFrame = Array.from({ length: frames }, (_, frame) =>
    slowAttention(
      tower,
      `${layer}.self_attn`,
      normed.filter((_row, at) => frameOf(at) === frame),
    ),
  );
  const seen = slowSum(looked, byFrame.flat());
  const second = slowNorm(tower, `${layer}.layer_norm2`, seen, 1e-5);
  const up = slowLinear(tower, `${layer}.mlp.fc1`, second).map((row) => row.map(gelu));
  return slowSum(seen, slowLinear(tower, `${layer}.mlp.fc2`, up));
}

it.each([4, 3, 1])('a clip of %i frames is what the slow formula makes of it', async (frames) => {
  const tower = await open();
  const at = (featureLayer: number) =>
    tower.tokens(pixelsOf(frames), { featureLayer }, clip(frames));
  const entering = await at(-3);
  const first = slowLayer(tower, 0, entering, frames);
  const second = slowLayer(tower, 1, first, frames);
  expect(entering).toHaveLength(frames * count);
  expect(largestError((await at(-2)).flat(), first.flat())).toBeLessThan(2e-5);
  expect(largestError((await at(-1)).flat(), second.flat())).toBeLessThan(2e-5);
});

test('the order of frames matters, and a single frame is a picture', async () => {
  const tower = await open();
  const [one, other] = [pixelsOf(2).slice(0, 432), pixelsOf(2).slice(432)];
  const forth = await tower.tokens([...one, ...other], {}, clip(2));
  const back = await tower.tokens([...other, ...one], {}, clip(2));
  const swapped = [...back.slice(count), ...back.slice(0, count)];
  expect(largestError(forth.flat(), swapped.flat())).toBeGreaterThan(0.01);
  expect(await tower.tokens(one)).toEqual(await tower.tokens(one, {}, clip(1)));
});

const pixels = (views?: WireOf<'pixels'>['views'], side = 12): WireOf<'pixels'> => ({
  kind: 'pixels',
  height: side,
  width: side,
  ...(views && { views }),
});

test("Video-LLaVA's eight frames leave 8 × 257 tokens, at 404 million parameters", () => {
  const params = { featureLayer: -1 };
  const inputs = { pixels: pixels(clip(8), 224) };
  const built = valueOf(buildSingleNode({ definition: languageBindVideo, params, inputs }));
  expect(built.outputs['tokens']).toMatchObject({
    views: clip(8),
    count: { tokens: 257 },
    channels: 1024,
    prefixTokens: 1,
  });
  // CLIP L/14 of 224 pixels without its last norm, and in each layer four matrices, a norm and eight places in time.
  const clipSize = 303_179_776 - 2048;
  expect(countParameters([built.model])).toBe(
    clipSize + 24 * (4 * (1024 ** 2 + 1024) + 2048 + 8 * 1024),
  );
});

test('a clip flows from the file to the projector', () => {
  const checked = checkGraph(
    sketchDocument(
      {
        clip: ['input/video', { frames: 8 }],
        shape: ['vision/preprocess'],
        tower: ['encoder/languagebind-video'],
        projector: ['projector/mlp', { outputWidth: 4096 }],
      },
      [
        'clip.frames > shape.image',
        'shape.pixels > tower.pixels',
        'tower.tokens > projector.tokens',
      ],
    ),
    catalogue,
  );
  expect(
    checked.problems.filter(({ severity, node }) => severity === 'error' && node !== 'clip'),
  ).toEqual([]);
  expect(checked.nodes['projector']?.outputs['tokens']).toMatchObject({
    views: { views: 8, items: 1 },
    count: { tokens: 257 },
  });
});

describe('what the tower does not take', () => {
  it.each([
    [
      clip(5),
      "The clip has 5 frames, and LanguageBind's tower knows 4 places in time; take 4 frames or fewer.",
    ],
    [
      { known: true, views: 3, most: 3, items: 1 },
      "LanguageBind's tower takes frames of a clip or whole pictures, and these are tiles; encode tiles with CLIP.",
    ],
    [
      { ...clip(4), views: 6, most: 6, items: 2, mostOfOne: 4 },
      'The clips have different numbers of frames, which one graph does not take; give all the same number.',
    ],
  ])('%j', (views, message) => {
    const params = { model: 'custom', ...small };
    const inputs = { pixels: pixels(views) };
    const outcome = buildSingleNode({ definition: languageBindVideo, params, inputs });
    expect(outcome.ok ? [] : outcome.problems.map((problem) => problem.message)).toEqual([message]);
  });

  test('parts that take tokens out', () => {
    const outcome = buildSingleNode({
      definition: languageBindVideo,
      params: { model: 'custom', ...small },
      inputs: { pixels: pixels(clip(2)) },
      parts: { parts: [{ definition: tome, params: {} }] },
    });
    expect(outcome).toMatchObject({ ok: false, problems: [{ code: 'parts-conflict' }] });
  });
});

test('configurations of LanguageBind and of the original Video-LLaVA are read, not that of the library', () => {
  const own = {
    hidden_size: 1024,
    intermediate_size: 4096,
    num_hidden_layers: 24,
    num_attention_heads: 16,
    patch_size: 14,
    hidden_act: 'gelu',
    add_time_attn: true,
    num_frames: 8,
  };
  const took = (json: Parameters<typeof config>[0]) => taken(languageBindVideo, config(json));
  expect(took({ vision_config: own })).toMatchObject({ value: { params: { model: 'vit-l14' } } });
  expect(took({ vision_config: { ...own, num_frames: 16 } })).toMatchObject({
    value: { params: { model: 'custom', frameCount: 16 } },
  });
  const whole = {
    model_type: 'llava',
    mm_video_tower: 'LanguageBind/LanguageBind_Video_merge',
    mm_vision_select_layer: -2,
  };
  expect(took(whole)).toMatchObject({
    value: { params: { model: 'vit-l14', featureLayer: -2, select: 'all' } },
  });
  const library = config(read('pipeline/video-llava/config.json'));
  expect(refusal(languageBindVideo, library)).toMatch(/no tower whose frames/);
});
