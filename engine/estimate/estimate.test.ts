import { describe, expect, it } from 'vitest';
import { readPreset } from '#host/presets.ts';
import { catalogue } from '#nodes/index.ts';
import type { GraphDocument, Json } from '../contract/document.ts';
import { checkGraph } from '../graph/check.ts';
import { sketchDocument, type NodeSketch } from '../graph/sketch-document.ts';
import { takenBackTokens } from '../node/decoder-protocol.ts';
import { estimateGraph, type StageEstimate } from './estimate.ts';

type Params = Readonly<Record<string, Json>>;

/**
 * Counted from the published configurations with transformers 5.18 on the meta device; most are also
 * the figures of the models' own pages.
 */
const publishedDecoders: readonly (readonly [model: string, parameters: number])[] = [
  ['tinyllama-1.1b', 1_100_048_384],
  ['vicuna-7b', 6_738_415_616],
  ['mobilellama-1.4b', 1_364_297_728],
  ['mobilellama-2.7b', 2_701_560_320],
  ['smollm2-135m', 134_515_008],
  ['smollm2-360m', 361_821_120],
  ['smollm2-1.7b', 1_711_376_384],
  ['phi-1.5', 1_418_270_720],
  ['phi-2', 2_779_683_840],
  ['qwen1.5-0.5b', 463_987_712],
  ['qwen1.5-1.8b', 1_836_828_672],
  ['qwen2-0.5b', 494_032_768],
  ['qwen2-1.5b', 1_543_714_304],
  ['gemma-2b', 2_506_172_416],
  ['stablelm-2-1.6b', 1_644_515_328],
];

const publishedTowers: readonly (readonly [type: string, params: Params, parameters: number])[] = [
  // LLaVA's tower: all but the last of 24 layers, and not the norm behind it.
  ['encoder/clip-vit', { model: 'vit-l14-336', featureLayer: -2 }, 290_909_184],
  ['encoder/clip-vit', { model: 'vit-l14-336', select: 'projected' }, 304_293_888],
  ['encoder/siglip', { model: 'so400m-p14-384', featureLayer: -2 }, 397_745_440],
  ['encoder/siglip', { model: 'so400m-p14-384', featureLayer: -1 }, 412_987_248],
  ['encoder/siglip', { model: 'so400m-p14-384', select: 'pooled' }, 428_225_600],
];

describe('the parameters of published models', () => {
  it.each(publishedDecoders)('%s has %i', (model, parameters) => {
    const stage = language(answering(['language/decoder', { model }]));
    expect(stage.parameters).toBe(parameters);
  });

  it.each(publishedTowers)('%s %j has %i', (type, params, parameters) => {
    const graph = sketchDocument(
      { image: ['input/image'], preprocess: ['vision/preprocess'], encoder: [type, params] },
      ['image.image > preprocess.image', 'preprocess.pixels > encoder.pixels'],
    );
    expect(stageOf(graph, 'encoder').parameters).toBe(parameters);
  });
});

/** TinyLlama by the figures of its configuration. */
const [layers, hidden, keyValue, inner, vocabulary] = [22, 2048, 256, 5632, 32_000];
const layerWeights = 2 * hidden * hidden + 2 * hidden * keyValue + 3 * hidden * inner;

describe('the arithmetic of TinyLlama', () => {
  const prompt = 'x'.repeat(400); // about a hundred tokens
  const template = '{prompt}';
  const stage = language(answering(['language/decoder', { template, maxNewTokens: 41 }], prompt));
  const facts = stage.language!;

  it('is, in prefill, two operations a weight and token, and four a channel and pair of tokens', () => {
    expect(facts).toMatchObject({ promptTokens: 100, visualTokens: 0, newTokens: 41 });
    const pairs = (100 * 101) / 2;
    const attention = 4 * layers * hidden * pairs;
    const head = 2 * hidden * vocabulary; // only the last token is asked for its successor
    expect(facts.prefillFlops).toBe(2 * 100 * layers * layerWeights + attention + head);
  });

  it('reads the prompt once for several answers, and of given ones all tokens but the last', () => {
    const flops = (params: Record<string, Json>) =>
      estimate(answering(['language/decoder', { template, maxNewTokens: 41, ...params }], prompt))
        .totals.flops;
    const decode = 40 * facts.decodeFlopsPerToken;
    expect(flops({ strategy: 'sample' })).toBe(facts.prefillFlops + decode);
    expect(flops({ strategy: 'sample', answerCount: 3 })).toBe(facts.prefillFlops + 3 * decode);
    // About three tokens and one.
    expect(flops({ strategy: 'choices', choices: 'a large ring\nred' })).toBeCloseTo(
      facts.prefillFlops + 2 * facts.decodeFlopsPerToken,
      -9,
    );
  });

  it('is, in decode, that of one token over a cache that grows by one a step', () => {
    let attention = 0;
    for (let step = 0; step < 40; step++) attention += 4 * layers * hidden * (100 + step + 1);
    const decode = 40 * 2 * (layers * layerWeights + hidden * vocabulary) + attention;
    expect(40 * facts.decodeFlopsPerToken).toBeCloseTo(decode, -2);
    expect(stage.flops).toBeCloseTo(facts.prefillFlops + decode, -2);
  });

  it('needs a cache for all tokens but the last', () => {
    expect(stage.keyValueBytes).toBe(2 * layers * (100 + 40) * keyValue * 4);
  });

  it('sees and holds no more than a window where attention slides', () => {
    const [model, maxNewTokens, size] = ['custom', 1001, 64];
    const slides = { attentionWindow: size, fullAttentionEvery: 2 };
    const sliding = language(
      answering(['language/decoder', { model, template, maxNewTokens, ...slides }], prompt),
    );
    const whole = language(
      answering(['language/decoder', { model, template, maxNewTokens }], prompt),
    );
    // Behind a prompt of 100 tokens every step sees a full window, in 11 of the 22 layers.
    let saved = 0;
    for (let step = 0; step < 1000; step++) saved += 4 * 11 * hidden * (100 + step + 1 - size);
    const less = whole.language!.decodeFlopsPerToken - sliding.language!.decodeFlopsPerToken;
    expect(1000 * less).toBeCloseTo(saved, -2);
    const held = size - 1 + takenBackTokens;
    expect(sliding.keyValueBytes).toBe(11 * 2 * (1100 + held) * keyValue * 4);
  });

  it('ends where the context does, however many tokens are asked for', () => {
    const long = language(
      answering(['language/decoder', { template, maxNewTokens: 60_000 }], prompt),
    );
    expect(long.language?.newTokens).toBe(2048 - 100 + 1);
    expect(long.keyValueBytes).toBe(2 * layers * 2048 * keyValue * 4);
  });
});

it('in int4, weights take half a byte and a scale a block, norms and rotary tables stay as they are', () => {
  const blocks = { precision: 'int4', blockSize: '64' };
  const whole = language(answering(['language/decoder']));
  const packed = language(answering(['language/decoder', blocks]));
  const matrices = layers * layerWeights + 2 * vocabulary * hidden;
  const rest = 4 * (2 * layers + 1) * hidden + 2 * 4 * 2048 * 32;
  expect(whole.weightBytes).toBe(4 * matrices + rest);
  expect(packed.weightBytes).toBe(matrices / 2 + (4 * matrices) / 64 + rest);
  expect(packed.parameters).toBe(whole.parameters);
  // In memory a sum stands beside each block's scale, and a part of the plain codes beside the packed ones.
  const kept = ({ peakBytes, activationBytes, keyValueBytes }: typeof packed) =>
    peakBytes - activationBytes - keyValueBytes;
  const beside = (4 * matrices) / 64 + 0.05 * (matrices / 2);
  expect(Math.abs(kept(packed) - packed.weightBytes - beside)).toBeLessThan(1000);
  expect(kept(whole)).toBe(whole.weightBytes);
});

it('in w8a8, matrices take a byte a weight and a scale an output, and the table of embeddings blocks of 32', () => {
  const whole = language(answering(['language/decoder']));
  const packed = language(answering(['language/decoder', { precision: 'w8a8', blockSize: '128' }]));
  const matrices = layers * layerWeights + vocabulary * hidden;
  const table = vocabulary * hidden;
  const outputs = layers * (3 * hidden + 2 * keyValue + 2 * inner) + vocabulary;
  const rest = whole.weightBytes - 4 * (matrices + table);
  expect(packed.weightBytes).toBe(matrices + 4 * outputs + table + (4 * table) / 32 + rest);
  expect(packed.parameters).toBe(whole.parameters);
  expect(packed.flops).toBe(whole.flops);
});

it('experts cost by how many a token sees, and weigh by how many there are', () => {
  const dense = language(answering(['language/decoder'])).language!;
  const experts = (count: number, topK: number) =>
    language(
      answering(['language/decoder'], 'Why?', {
        part: ['moe/feed-forward', { experts: count, topK, layers: 'all' }],
        wire: 'part.part > language.feedForward',
      }),
    );
  const feedForward = layers * 3 * hidden * inner;
  const router = (count: number) => layers * hidden * count;
  const sparse = experts(4, 2);
  const growth = sparse.language!.decodeFlopsPerToken - dense.decodeFlopsPerToken;
  expect(growth).toBe(2 * (feedForward + router(4))); // two feed-forwards in place of one
  expect(sparse.parameters).toBe(1_100_048_384 + 3 * feedForward + router(4));
  expect(experts(4, 1).language!.decodeFlopsPerToken - dense.decodeFlopsPerToken).toBe(
    2 * router(4),
  );
});

describe('a draft model', () => {
  const wire = 'part.part > language.acceleration';
  const maxNewTokens = 41;
  const drafted = (own: Params, draft: Params) =>
    language(
      answering(['language/decoder', { ...own, maxNewTokens, template: '{prompt}' }], 'Why?', {
        part: ['acceleration/draft-model', draft],
        wire,
      }),
    );
  const alone = (model: string) =>
    language(answering(['language/decoder', { model, maxNewTokens, template: '{prompt}' }]));

  it('adds its parameters, weights and cache, however much its tensors are called like the others', () => {
    const [large, small] = [alone('vicuna-7b'), alone('tinyllama-1.1b')];
    const both = drafted({ model: 'vicuna-7b' }, { model: 'tinyllama-1.1b' });
    expect(both.parameters).toBe(large.parameters + small.parameters);
    expect(both.weightBytes).toBe(large.weightBytes + small.weightBytes);
    expect(both.keyValueBytes).toBe(large.keyValueBytes + small.keyValueBytes);
  });

  it('of the same weights is loaded once, unless its numbers are stored otherwise', () => {
    const one = alone('tinyllama-1.1b');
    const same = { model: 'tinyllama-1.1b' };
    const shared = drafted(same, same);
    expect(shared.parameters).toBe(one.parameters);
    expect(shared.weightBytes).toBe(one.weightBytes);
    expect(shared.keyValueBytes).toBe(2 * one.keyValueBytes);
    const packed = drafted(same, { ...same, precision: 'int4' });
    expect(packed.parameters).toBe(one.parameters);
    expect(packed.weightBytes).toBeGreaterThan(one.weightBytes);
    const other = drafted(same, { ...same, weights: { kind: 'random', seed: 1 } });
    expect(other.parameters).toBe(2 * one.parameters);
  });
});

describe('LLaVA-1.5', () => {
  it('with FastV has the cheaper prefill and the smaller cache, by what its deep layers drop', async () => {
    const [plain, fastv] = await Promise.all(['llava-1.5-7b', 'llava-1.5-7b-fastv'].map(preset));
    const [all, kept] = [language(plain!), language(fastv!)];
    expect(all.language).toMatchObject({ visualTokens: 576, keptVisualTokens: 576 });
    expect(kept.language).toMatchObject({ visualTokens: 576, keptVisualTokens: 288 });
    expect(all.keyValueBytes - kept.keyValueBytes).toBe(2 * (32 - 2) * 288 * 4096 * 4);

    const text = all.language!.promptTokens;
    const layerOfVicuna = 4 * 4096 * 4096 + 3 * 4096 * 11_008;
    const cost = (tokens: number) =>
      2 * tokens * layerOfVicuna + 4 * 4096 * ((tokens * (tokens + 1)) / 2);
    const saved = 30 * (cost(text + 576) - cost(text + 288));
    const scoring = 2 * 4096 * (text + 576); // the last token looks once more at all of them
    expect(all.language!.prefillFlops - kept.language!.prefillFlops).toBe(saved - scoring);
    expect(kept.parameters).toBe(all.parameters);
    expect(kept.language!.decodeFlopsPerToken).toBeLessThan(all.language!.decodeFlopsPerToken);
  });

  it('takes weights and cache of all stages, and the activations of the largest', async () => {
    const { stages, totals, wires } = estimate(await preset('llava-1.5-7b'));
    const sum = (pick: (stage: StageEstimate) => number) =>
      stages.reduce((total, stage) => total + pick(stage), 0);
    const activationBytes = Math.max(...stages.map((stage) => stage.activationBytes));
    expect(totals).toEqual({
      parameters: 290_909_184 + (1024 + 1) * 4096 + (4096 + 1) * 4096 + 6_738_415_616,
      activeParameters: 290_909_184 + (1024 + 1) * 4096 + (4096 + 1) * 4096 + 6_738_415_616,
      flops: sum(({ flops }) => flops),
      weightBytes: sum(({ weightBytes }) => weightBytes),
      activationBytes,
      keyValueBytes: sum(({ keyValueBytes }) => keyValueBytes),
      recurrentBytes: 0,
      peakBytes: sum((stage) => stage.peakBytes - stage.activationBytes) + activationBytes,
    });
    expect(wires.map(({ text }) => text)).toContain(
      '576 visual tokens × 1024 channels, 24 × 24 grid',
    );
  });
});

it('a graph that cannot run has no estimate but its problems', () => {
  const broken = checkGraph(sketchDocument({ encoder: ['encoder/siglip'] }), catalogue);
  expect(estimateGraph(broken)).toEqual({ ok: false, problems: broken.problems });
});

/** A language model that answers a prompt, with a part plugged in where one is given. */
function answering(
  decoder: NodeSketch,
  prompt = 'Why?',
  plugged?: { readonly part: NodeSketch; readonly wire: string },
): GraphDocument {
  return sketchDocument(
    {
      prompt: ['input/prompt', { text: prompt }],
      language: decoder,
      answer: ['output/answer'],
      ...(plugged ? { part: plugged.part } : {}),
    },
    [
      'prompt.text > language.prompt',
      'language.answer > answer.answer',
      ...(plugged ? [plugged.wire] : []),
    ],
  );
}

async function preset(id: string): Promise<GraphDocument> {
  const read = await readPreset(id);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.value;
}

function estimate(document: GraphDocument) {
  const estimated = estimateGraph(checkGraph(document, catalogue));
  if (!estimated.ok) throw new Error(JSON.stringify(estimated.problems));
  return estimated.value;
}

const stageOf = (document: GraphDocument, id: string): StageEstimate =>
  estimate(document).stages.find((stage) => stage.id === id)!;

const language = (document: GraphDocument): StageEstimate => stageOf(document, 'language');
