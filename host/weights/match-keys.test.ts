/** Checkpoints under every published spelling are recognised, and what does not fit is told one by one. */
import { describe, expect, test } from 'vitest';
import type { Json } from '#engine/contract/document.ts';
import type { AnyNodeDefinition } from '#engine/node/any-node-definition.ts';
import type { WireType } from '#engine/node/wire.ts';
import { knownCount } from '#engine/node/wire.ts';
import type { StageModel } from '#engine/onnx/model.ts';
import type { KeyLayout } from '#engine/onnx/weight.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { clipVit } from '#nodes/encoder/clip-vit.ts';
import { dinov2 } from '#nodes/encoder/dinov2.ts';
import { siglip } from '#nodes/encoder/siglip.ts';
import { decoderKeyLayouts } from '#nodes/language/decoder-names.ts';
import { expertKeyLayouts } from '#nodes/moe/expert-names.ts';
import { linear } from '#nodes/projector/linear.ts';
import { mlp } from '#nodes/projector/mlp.ts';
import { qFormer } from '#nodes/projector/q-former.ts';
import { embedding } from '#nodes/text/embedding.ts';
import { smallDecoders, smallModels } from '#verify/small-decoder.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import type { Checkpoint } from './checkpoint.ts';
import { leftoverProblem } from './misfits.ts';
import { leftoverKeys, matchKeys, neededTensors } from './match-keys.ts';
import type { TensorEntry } from './safetensors.ts';

type Needed = ReturnType<typeof neededTensors>;

function checkpointOf(
  tensors: readonly (readonly [string, readonly number[], string?])[],
): Checkpoint {
  const entries = tensors.map(([name, shape, type = 'BF16']): [string, TensorEntry] => {
    return [name, { name, path: 'model.safetensors', type, shape, offset: 0, length: 0 }];
  });
  return { folder: '/models/some', tensors: new Map(entries), files: new Map() };
}

/** A checkpoint with what is needed, each tensor under the name that `rename` gives it. */
function published(needed: Needed, rename: (name: string) => string): Checkpoint {
  return checkpointOf(needed.map(({ name, shape }) => [rename(name), shape]));
}

/** The tensors of a node alone, and how checkpoints may call them. */
function tensorsOfNode(
  definition: AnyNodeDefinition,
  params: Readonly<Record<string, Json>>,
  input: WireType,
  others: Readonly<Record<string, WireType>> = {},
): { needed: Needed; layouts: readonly KeyLayout[] } {
  const port = Object.keys(definition.inputs)[0] ?? '';
  const { model } = valueOf(
    buildSingleNode({ definition, params, inputs: { ...others, [port]: input } }),
  );
  return { needed: everyTensor([model]), layouts: model.origins[0]?.layouts ?? [] };
}

const everyTensor = (models: readonly StageModel[]) => neededTensors(models, () => true);

const tokens: WireType = {
  kind: 'tokens',
  count: knownCount(4),
  channels: 6,
  prefixTokens: 0,
  grid: null,
};
const pixels: WireType = { kind: 'pixels', height: 16, width: 16 };
const tower = {
  model: 'custom',
  imageSize: 16,
  patchSize: 8,
  hiddenSize: 8,
  layerCount: 3,
  headCount: 2,
  feedForwardSize: 8,
};

const qFormerOf = (reads: boolean) => ({
  model: reads ? 'instructblip' : 'blip2',
  outputWidth: 5,
});

const asLavis = (projection: string) => (name: string) =>
  name
    .replace('qformer.layernorm', 'Qformer.bert.embeddings.LayerNorm')
    .replace(/^qformer/, 'Qformer.bert')
    .replace('attention.attention', 'attention.self')
    .replace('language_projection', projection);

describe('each spelling is told from the others', () => {
  const projector = tensorsOfNode(mlp, { outputWidth: 5 }, tokens);
  const normed = tensorsOfNode(mlp, { outputWidth: 5, inputNorm: true }, tokens);
  const single = tensorsOfNode(linear, { outputWidth: 5, bias: false }, tokens);
  const clip = tensorsOfNode(clipVit, { ...tower, select: 'projected' }, pixels);
  const signed = tensorsOfNode(siglip, { ...tower, featureLayer: -1 }, pixels);
  const { embed, decoder } = smallModels(smallDecoders['llama, grouped queries'], '');
  const language = {
    needed: everyTensor([embed, decoder.model]),
    layouts: decoderKeyLayouts(smallDecoders['llama, grouped queries']),
  };

  const queries = tensorsOfNode(qFormer, qFormerOf(false), tokens);
  const hearing = tensorsOfNode(qFormer, qFormerOf(true), tokens, {
    instruction: { kind: 'token-ids', count: knownCount(3) },
  });
  const table = tensorsOfNode(
    embedding,
    { model: 'custom', vocabularySize: 9, hiddenSize: 4 },
    { kind: 'token-ids', count: knownCount(3) },
  );

  const inModule = (prefix: string) => (name: string) => prefix + name;
  const towerIn = (prefix: string) => (name: string) =>
    name.startsWith('visual_projection.') ? prefix + name : `${prefix}vision_model.${name}`;
  const spelled = (names: Readonly<Record<string, string>>) => (name: string) => {
    const [module = '', ...rest] = name.split('.');
    return [names[module] ?? module, ...rest].join('.');
  };

  test.for([
    ['projector alone', projector, inModule('')],
    ['LLaVA, Hugging Face', projector, inModule('multi_modal_projector.')],
    ['LLaVA, Hugging Face, since version 5', projector, inModule('model.multi_modal_projector.')],
    [
      'LLaVA, original',
      projector,
      spelled({ linear_1: 'model.mm_projector.0', linear_2: 'model.mm_projector.2' }),
    ],
    [
      'InternVL, original',
      normed,
      spelled({ layer_norm: 'mlp1.0', linear_1: 'mlp1.1', linear_2: 'mlp1.3' }),
    ],
    ['LLaVA, original', single, spelled({ linear: 'model.mm_projector' })],
    ['PaliGemma', single, spelled({ linear: 'multi_modal_projector.linear' })],
    [
      'Idefics3 and SmolVLM',
      single,
      spelled({ linear: 'model.connector.modality_projection.proj' }),
    ],
    ['tower alone', clip, towerIn('')],
    ['LLaVA, Hugging Face', clip, towerIn('vision_tower.')],
    ['LLaVA, Hugging Face, since version 5', clip, towerIn('model.vision_tower.')],
    ['LLaVA, original', clip, towerIn('model.vision_tower.vision_tower.')],
    ['LLaVA, Hugging Face', signed, towerIn('vision_tower.')],
    ['MiniCPM-V 2.6', signed, inModule('vpm.')],
    ['language model alone, LLaMA', language, inModule('')],
    ['LLaVA, Hugging Face, LLaMA', language, inModule('language_model.')],
    [
      'LLaVA, Hugging Face, since version 5, LLaMA',
      language,
      (name: string) => name.replace(/^model\./, 'model.language_model.'),
    ],
    ['MiniCPM-V, LLaMA', language, inModule('llm.')],
    ['BLIP-2, Hugging Face', queries, inModule('')],
    [
      'InstructBLIP, Hugging Face',
      hearing,
      (name: string) => name.replace('qformer.layernorm', 'qformer.embeddings.layernorm'),
    ],
    ['LAVIS, before OPT', queries, asLavis('opt_proj')],
    ['LAVIS, before T5', queries, asLavis('t5_proj')],
    ['LAVIS, before Vicuna', hearing, asLavis('llm_proj')],
    ['language model alone', table, () => 'model.embed_tokens.weight'],
    ['LLaVA, Hugging Face', table, () => 'language_model.model.embed_tokens.weight'],
    ['MiniCPM-V', table, () => 'llm.model.embed_tokens.weight'],
    ['BERT in a model with a head', table, () => 'bert.embeddings.word_embeddings.weight'],
    ['InstructBLIP, LAVIS', table, () => 'Qformer.bert.embeddings.word_embeddings.weight'],
  ] as const)('%s', ([title, { needed, layouts }, rename]) => {
    const checkpoint = published(needed, rename);
    const match = valueOf(matchKeys(needed, layouts, checkpoint));
    expect(match.layout.title).toBe(title);
    const found = needed.map(({ name }) => match.entries.get(name)?.name);
    expect(found).toEqual(needed.map(({ name }) => rename(name)));
    expect(leftoverKeys(match, checkpoint, new Set())).toEqual([]);
  });

  test.for([
    ['Mixtral', 'block_sparse_moe.gate', 'block_sparse_moe.experts', 'w1', 'w3', 'w2'],
    [
      'MoE-LLaVA, gated experts',
      'mlp.deepspeed_moe.gate.wg',
      'mlp.deepspeed_moe.experts.deepspeed_experts',
      'gate_proj',
      'up_proj',
      'down_proj',
    ],
    [
      'MoE-LLaVA, plain experts',
      'mlp.deepspeed_moe.gate.wg',
      'mlp.deepspeed_moe.experts.deepspeed_experts',
      null,
      'fc1',
      'fc2',
    ],
  ] as const)('experts of %s', ([title, router, experts, gate, up, down]) => {
    const names: [own: string, published: string][] = [];
    for (const layer of [0, 2]) {
      const base = `model.layers.${layer}`;
      names.push([`${base}.mlp.gate.weight`, `${base}.${router}.weight`]);
      for (const expert of [0, 10]) {
        const parts = { up, down, ...(gate ? { gate } : {}) };
        for (const [own, name] of Object.entries(parts)) {
          for (const part of gate ? ['weight'] : ['weight', 'bias']) {
            names.push([
              `${base}.mlp.experts.${expert}.${own}.${part}`,
              `${base}.${experts}.${expert}.${name}.${part}`,
            ]);
          }
        }
      }
    }
    const needed: Needed = names.map(([name]) => {
      return { kind: 'tensor', name, shape: [2, 2], init: 'matrix', origin: 0 };
    });
    const dense = ['model.layers.1.mlp.gate_proj.weight', 'model.layers.0.self_attn.q_proj.weight'];
    const tensors = [...names.map(([, name]) => name), ...dense];
    const checkpoint = checkpointOf(tensors.map((name) => [name, [2, 2]]));
    const match = valueOf(matchKeys(needed, expertKeyLayouts(11), checkpoint));
    expect(match.layout.title).toBe(title);
    expect(names.map(([name]) => match.entries.get(name)?.name)).toEqual(
      names.map(([, name]) => name),
    );
    // The dense layers beside them belong to the language model.
    expect(leftoverKeys(match, checkpoint, new Set())).toEqual([]);
  });
});

describe("timm's checkpoints, where queries, keys and values lie in one matrix", () => {
  const dino = tensorsOfNode(dinov2, { ...tower, patchSize: 4, registerCount: 2 }, pixels);
  const { hiddenSize } = tower;
  const timm = (rows: number) =>
    checkpointOf([
      ['cls_token', [1, 1, hiddenSize]],
      ['reg_token', [1, 2, hiddenSize]],
      ['blocks.0.attn.qkv.weight', [rows, hiddenSize]],
      ['norm.weight', [hiddenSize]],
    ]);
  const named = (...names: readonly string[]) =>
    dino.needed.filter(({ name }) => names.some((part) => name.endsWith(part)));
  const parts = named('cls_token', 'layer.0.attention.attention.key.weight');

  test('each finds its rows of it, and sizes of 1 do not matter', () => {
    const checkpoint = timm(3 * hiddenSize);
    const whole = checkpoint.tensors.get('blocks.0.attn.qkv.weight') as TensorEntry;
    const bytes = 3 * hiddenSize * hiddenSize * 2;
    const stored = { ...whole, offset: 100, length: bytes };
    const tensors = new Map([...checkpoint.tensors, ['blocks.0.attn.qkv.weight', stored]]);
    const match = valueOf(matchKeys(parts, dino.layouts, { ...checkpoint, tensors }));
    expect(match.layout.title).toBe('timm');
    expect(match.entries.get('encoder.layer.0.attention.attention.key.weight')).toEqual({
      ...stored,
      shape: [hiddenSize, hiddenSize],
      offset: 100 + bytes / 3,
      length: bytes / 3,
    });
    expect(match.entries.has('embeddings.cls_token')).toBe(true);
    const left = leftoverKeys(match, checkpoint, new Set()).map(({ name }) => name);
    expect(left).toEqual(['reg_token']);
  });

  test('and what is wrong is said of the whole matrix', () => {
    const outcome = matchKeys(parts, dino.layouts, timm(2 * hiddenSize));
    const [problem] = outcome.ok ? [] : outcome.problems;
    expect(problem?.message).toContain(
      `"blocks.0.attn.qkv.weight" has shape [${2 * hiddenSize}, ${hiddenSize}], the node needs [${3 * hiddenSize}, ${hiddenSize}]`,
    );
  });
});

describe('what does not fit', () => {
  const { needed, layouts } = tensorsOfNode(mlp, { outputWidth: 5 }, tokens);

  const messages = (tensors: Parameters<typeof checkpointOf>[0], of: Needed = needed) => {
    const outcome = matchKeys(of, layouts, checkpointOf(tensors));
    const problems = outcome.ok ? [] : outcome.problems;
    return problems.map(({ code, param, message }) => `${code} ${param}: ${message}`);
  };
  const [first, second] = ['multi_modal_projector.linear_1', 'multi_modal_projector.linear_2'];

  test('another model is one problem, whatever shows it; numbers that are not read are another', () => {
    expect(
      messages([
        [`${first}.weight`, [6, 5]],
        [`${first}.bias`, [5], 'I8'],
        [`${second}.weight`, [5, 5], 'F16'],
      ]),
    ).toEqual([
      `tensor-shape weights: 2 of the 4 tensors that the node needs are missing from the checkpoint or have another shape there: "${first}.weight" [6, 5] for [5, 6], no "${second}.bias" [5]; choose the model or the parameters that belong to this checkpoint.`,
      `tensor-type weights: The tensor "${first}.bias" holds I8 numbers, only F32, F16, BF16, F64 are read; choose a checkpoint in one of these.`,
    ]);
  });

  test('one tensor has a sentence of its own, of many the first few stand for all', () => {
    const many = (count: number): Needed =>
      Array.from({ length: count }, (_, place) => {
        return { kind: 'tensor', name: `t${place}`, shape: [2], init: 'bias', origin: 0 };
      });
    const advice = 'choose the folder of a model with this architecture. Folder: /models/some';
    expect(messages([], many(1))).toEqual([
      `tensor-missing weights: The checkpoint has no tensor "t0" [2]; ${advice}`,
    ]);
    expect(messages([['t3', [2]]], many(4))).toEqual([
      `tensor-missing weights: 3 of the 4 tensors that the node needs are missing from the checkpoint: "t0" [2], "t1" [2], "t2" [2]; ${advice}`,
    ]);
    expect(messages([], many(400))).toEqual([
      `tensor-missing weights: All 400 tensors that the node needs are missing from the checkpoint: "t0" [2], "t1" [2], "t2" [2] and 397 more; ${advice}`,
    ]);
  });

  test('tensors that nobody uses are one notice too', () => {
    const left = (count: number) =>
      leftoverProblem(
        Array.from({ length: count }, (_, place) => ({ name: `t${place}`, shape: [2, 3] })),
        'CLIP ViT',
        'encoder',
      ).message;
    expect(left(1)).toBe(
      'The checkpoint holds "t0" [2, 3], which CLIP ViT does not use; the model may be another than the one chosen.',
    );
    expect(left(24)).toBe(
      'The checkpoint holds 24 tensors that CLIP ViT does not use: "t0" [2, 3], "t1" [2, 3], "t2" [2, 3] and 21 more; the model may be another than the one chosen.',
    );
  });

  test('what is left over is what the node owns and nobody reads', () => {
    const clip = tensorsOfNode(clipVit, { ...tower, featureLayer: -2 }, pixels);
    const rename = (name: string) => `vision_tower.vision_model.${name}`;
    const { tensors } = published(clip.needed, rename);
    const beside = checkpointOf([
      // Of a tower, but behind the features that are taken.
      ['vision_tower.vision_model.encoder.layers.2.mlp.fc1.weight', [8, 8]],
      ['vision_tower.vision_model.post_layernorm.weight', [8]],
      ['vision_tower.vision_model.embeddings.position_ids', [1, 5], 'I64'],
      ['vision_tower.visual_projection.weight', [8, 8]],
      // Another node's.
      ['language_model.model.norm.weight', [8]],
      ['vision_tower.vision_model.shared.weight', [8]],
      // Nobody's: a tower with a fourth layer is not the one that was chosen.
      ['vision_tower.vision_model.encoder.layers.3.mlp.fc1.weight', [8, 8]],
      ['vision_tower.vision_model.embeddings.register_tokens', [4, 8]],
    ]);
    const checkpoint = { ...beside, tensors: new Map([...tensors, ...beside.tensors]) };
    const match = valueOf(matchKeys(clip.needed, clip.layouts, checkpoint));
    const elsewhere = new Set(['vision_tower.vision_model.shared.weight']);
    expect(leftoverKeys(match, checkpoint, elsewhere).map(({ name }) => name)).toEqual([
      'vision_tower.vision_model.encoder.layers.3.mlp.fc1.weight',
      'vision_tower.vision_model.embeddings.register_tokens',
    ]);
  });
});
