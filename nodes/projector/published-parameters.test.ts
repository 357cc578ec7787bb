/** Projectors have as many parameters as they were published with. */
import { expect, it } from 'vitest';
import type { Json } from '#engine/contract/document.ts';
import { countParameters } from '#engine/estimate/model-cost.ts';
import type { WiresByPort } from '#engine/node/node-definition.ts';
import { knownCount, type WireOf } from '#engine/node/wire.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { catalogue } from '../index.ts';

interface Published {
  readonly of: string;
  readonly type: string;
  readonly params: Readonly<Record<string, Json>>;
  readonly inputs: WiresByPort;
  /** Parameters in millions. */
  readonly millions: number;
  /** Millions that the figure holds and the graph has no use for; below zero, the other way round. */
  readonly besides?: number;
}

const tokens = (channels: number, side: number): WireOf<'tokens'> => ({
  kind: 'tokens',
  count: knownCount(side ** 2),
  channels,
  prefixTokens: 0,
  grid: { rows: side, columns: side },
});
const instruction: WireOf<'token-ids'> = { kind: 'token-ids', count: knownCount(16) };

/**
 * All that a published model has, as those who load it print it, less its language model and its vision tower: these
 * as published alone, or the shapes that their configurations give.
 */
const leftOf = (total: number, language: number, tower: number): number =>
  (total - language - tower) / 1e6;

/** A linear with a bias, in millions. */
const linearOf = (inputs: number, outputs: number): number => (outputs * (inputs + 1)) / 1e6;
/** Of 3 × 3 places, without a bias. */
const depthwiseOf = (channels: number): number => (9 * channels) / 1e6;
const normOf = (channels: number): number => (2 * channels) / 1e6;

/** SigLIP so400m/14 without its pooling head and without positions, of which there is one a patch. */
const siglipSo400m = 412_147_440;
const siglipWith = (patches: number): number => siglipSo400m + patches * 1152;

const published: readonly Published[] = [
  // PaliGemma 3B at 224 px; Gemma 2B with 257,216 tokens.
  {
    of: 'PaliGemma',
    type: 'projector/linear',
    params: { outputWidth: 2048 },
    inputs: { tokens: tokens(1152, 16) },
    millions: leftOf(2_923_466_480, 2_508_662_784, siglipWith(256)),
  },
  // Gemma 3 4B.
  {
    of: 'Gemma 3',
    type: 'projector/normed-linear',
    params: { outputWidth: 2560 },
    inputs: { tokens: tokens(1152, 16) },
    millions: leftOf(4_300_079_472, 3_880_263_168, siglipWith(4096)),
  },
  // llava-hf/llava-1.5-7b-hf; Vicuna 7B with 64 more tokens, CLIP ViT-L/14 at 336 px.
  {
    of: 'LLaVA-1.5 7B',
    type: 'projector/mlp',
    params: { outputWidth: 4096 },
    inputs: { tokens: tokens(1024, 24) },
    millions: leftOf(7_063_427_072, 6_738_939_904, 303_507_456),
  },
  // No figure was found for MobileVLM's: the shapes that mobilevlm/model/vision_projector.py declares, by timm and
  // torchvision: a depthwise kernel, two norms, squeeze and excitation to a quarter, one matrix without a bias.
  {
    of: 'MobileVLM 1.7B',
    type: 'projector/ldp',
    params: { outputWidth: 2048 },
    inputs: { tokens: tokens(1024, 24) },
    millions:
      linearOf(1024, 2048) +
      linearOf(2048, 2048) +
      2 * (depthwiseOf(2048) + 2 * normOf(2048) + linearOf(2048, 512) + linearOf(512, 2048)) +
      (2 * 2048 ** 2) / 1e6,
  },
  {
    of: 'MobileVLM V2 1.7B',
    type: 'projector/ldp-v2',
    params: { outputWidth: 2048 },
    inputs: { tokens: tokens(1024, 24) },
    millions: linearOf(1024, 2048) + linearOf(2048, 2048) + depthwiseOf(2048) + 2048 / 1e6,
  },
  // Qwen2-VL 2B; its tower without the merger.
  {
    of: 'Qwen2-VL 2B',
    type: 'projector/patch-merger',
    params: { outputWidth: 1536 },
    inputs: { tokens: tokens(1280, 32) },
    millions: leftOf(2_208_985_600, 1_543_714_304, 631_183_360),
  },
  // Mistral Small 3.1 24B.
  {
    of: 'Mistral Small 3.1',
    type: 'projector/mistral3-merger',
    params: { outputWidth: 5120 },
    inputs: { tokens: tokens(1024, 32) },
    millions: leftOf(24_011_361_280, 23_572_403_200, 403_305_472),
  },
  // Salesforce/blip2-opt-2.7b; OPT with 32 more tokens, ViT-g with the norm that follows it. 2301.12597, table 2: 107.
  {
    of: 'BLIP-2, OPT 2.7B',
    type: 'projector/q-former',
    params: { model: 'blip2', outputWidth: 2560 },
    inputs: { tokens: tokens(1408, 16) },
    millions: leftOf(3_744_761_856, 2_651_678_720, 985_952_256),
  },
  // 2301.12597, table 2; its language model has 4096 channels.
  {
    of: 'BLIP-2, FlanT5-XXL',
    type: 'projector/q-former',
    params: { model: 'blip2', outputWidth: 4096 },
    inputs: { tokens: tokens(1408, 16) },
    millions: 108,
  },
  // 2301.12597, table 1: 188 with what reads text, as InstructBLIP has it, and with the heads of the first stage (of
  // contrast, two; of matching; of words, with a layer before them), before there is a projection to a language model.
  {
    of: 'BLIP-2, first stage',
    type: 'projector/q-former',
    params: { model: 'instructblip', outputWidth: 2048 },
    inputs: { tokens: tokens(1408, 16), instruction },
    millions: 188,
    besides:
      // Behind the last layer nobody asks for the words.
      linearOf(768, 3072) +
      linearOf(3072, 768) +
      normOf(768) +
      2 * linearOf(768, 256) +
      linearOf(768, 2) +
      linearOf(768, 768) +
      normOf(768) +
      30_523 / 1e6 -
      linearOf(768, 2048),
  },
  // 2404.07204: EVA-CLIP-g, CLIP-L, SILC-G, ViT-e and DINOv2-L for FlanT5-XL, without the embedding of the prompt.
  {
    of: 'BRAVE',
    type: 'projector/meq-former',
    params: { outputWidth: 2048 },
    inputs: { tokens: [1408, 1024, 1664, 1792, 1024].map((channels) => tokens(channels, 16)) },
    millions: 116,
  },
  // dhansmair/flamingo-mini, its wiki: Flamingo's resampler on the width of CLIP-L, with heads of OpenFlamingo's size…
  {
    of: 'flamingo-tiny',
    type: 'projector/perceiver-resampler',
    params: { model: 'openflamingo' },
    inputs: { tokens: tokens(1024, 16) },
    millions: 63,
  },
  // … and of Flamingo's.
  {
    of: 'flamingo-mini',
    type: 'projector/perceiver-resampler',
    params: { model: 'custom', headCount: 16, headSize: 128 },
    inputs: { tokens: tokens(1024, 16) },
    millions: 101,
  },
  // Qwen/Qwen-VL; OpenCLIP's ViT-bigG without its own pooling.
  {
    of: 'Qwen-VL',
    type: 'projector/sincos-resampler',
    params: { model: 'qwen-vl' },
    inputs: { tokens: tokens(1664, 32) },
    millions: leftOf(9_656_935_168, 7_721_324_544, 1_842_770_688),
  },
];

/**
 * For these no figure was found that could be looked up: no paper says one, and no whole model whose total and whose
 * other parts are known has one. anyres-pack is one vector; moe-mlp and regstage come in no size of their own.
 */
const withoutFigure = [
  'projector/anyres-pack',
  'projector/moe-mlp',
  'projector/xdp',
  'projector/regstage',
  'projector/c-abstractor',
  'projector/d-abstractor',
  'projector/idefics-perceiver',
  'projector/idefics2-perceiver',
  'projector/ss2d',
  'projector/vss-connector',
  'projector/tokenpacker',
  'projector/hybrid-mlp',
  'projector/reformer',
  'projector/set-attention',
  'projector/set-pooling',
];

it.each(published)('$type of $of', ({ type, params, inputs, millions, besides = 0 }) => {
  const definition = catalogue[type as keyof typeof catalogue];
  const { model } = valueOf(buildSingleNode({ definition, params, inputs }));
  const counted = countParameters([model]) / 1e6 + besides;
  expect(Math.abs(counted / millions - 1), `${counted} million`).toBeLessThan(0.01);
});

it('knows every projector of the catalogue', () => {
  const projectors = Object.keys(catalogue).filter((type) => type.startsWith('projector/'));
  const known = new Set([...published.map(({ type }) => type), ...withoutFigure]);
  expect([...known].toSorted()).toEqual(projectors.toSorted());
});
