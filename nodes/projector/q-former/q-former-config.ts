/** The Q-Former that a published config.json describes, alone or as the `qformer_config` of a whole model. */
import { z } from 'zod';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { ConfigFiles, JsonObject } from '#engine/contract/config-files.ts';
import type { TakenConfig } from '#engine/node/taken-config.ts';
import {
  activationFromConfig,
  configFile,
  foreign,
  modelTypeOf,
  namedLayers,
  partOf,
  publishedOrCustom,
  readFigures,
  unsupported,
} from '../../config/published-config.ts';
import { describeWidths } from '../../tokens/widths.ts';

/** By the `model_type` of whole models and of their Q-Formers. */
const families: Readonly<Record<string, string>> = {
  'blip-2': 'BLIP-2',
  blip_2_qformer: 'BLIP-2',
  instructblip: 'InstructBLIP',
  instructblipvideo: 'InstructBLIP for video',
  instructblip_qformer: 'InstructBLIP',
  instructblipvideo_qformer: 'InstructBLIP for video',
};

/** What the library means by saying nothing. */
const schema = z.object({
  hidden_size: z.int().default(768),
  num_hidden_layers: namedLayers.default(12),
  num_attention_heads: z.int().default(12),
  intermediate_size: z.int().default(3072),
  hidden_act: z.string().default('gelu'),
  layer_norm_eps: z.number().default(1e-12),
  vocab_size: z.int().default(30_522),
  max_position_embeddings: z.int().default(512),
  cross_attention_frequency: z.int().default(2),
  encoder_hidden_size: z.int().default(1408),
});

const wholeSchema = z.object({
  num_query_tokens: z.int().default(32),
  text_config: z.object({ hidden_size: z.int().optional() }).optional(),
});

export function qFormerFromConfig<Name extends string>(
  files: ConfigFiles,
  names: readonly Name[],
  figuresOf: (name: Name) => JsonObject,
): Outcome<TakenConfig> {
  const file = configFile(files, 'config.json');
  if (!file.ok) return file;
  if (file.value['bert_type'] !== undefined) return fromLlamaVid(file.value, names, figuresOf);
  const type = modelTypeOf(file.value);
  const title = Object.hasOwn(families, type) ? families[type] : undefined;
  if (title === undefined)
    return foreign(`config.json describes no Q-Former; what it has is "${type}".`);
  const own = readFigures(
    schema,
    partOf(file.value, ['qformer_config']) ?? file.value,
    'config.json',
  );
  if (!own.ok) return own;
  const whole = readFigures(wholeSchema, file.value, 'config.json');
  if (!whole.ok) return whole;
  const figures = own.value;
  const activation = activationFromConfig(figures.hidden_act);
  if (activation === null) return unsupported(`The activation "${figures.hidden_act}"`);
  const shape = {
    queryCount: whole.value.num_query_tokens,
    hiddenSize: figures.hidden_size,
    layerCount: figures.num_hidden_layers,
    headCount: figures.num_attention_heads,
    feedForwardSize: figures.intermediate_size,
    lookEvery: figures.cross_attention_frequency,
    vocabularySize: figures.vocab_size,
    positionCount: figures.max_position_embeddings,
    activation,
    normEpsilon: figures.layer_norm_eps,
  };
  const widths = {
    inputWidth: figures.encoder_hidden_size,
    outputWidth: whole.value.text_config?.hidden_size ?? null,
  };
  return ok({
    params: { ...publishedOrCustom(names, figuresOf, shape), ...widths },
    took: [
      `${title}'s Q-Former`,
      `${shape.layerCount} layers × ${shape.hiddenSize}`,
      `${shape.queryCount} queries`,
      describeWidths(widths),
    ],
    file: 'config.json',
  });
}

const llamaVidSchema = z.object({
  bert_type: z.string(),
  num_query: z.int().default(32),
  mm_hidden_size: z.int().default(1408),
});

/** LLaMA-VID says only how it deviates from BERT's own figures; `bert_type` is the way in which it was trained. */
function fromLlamaVid<Name extends string>(
  config: JsonObject,
  names: readonly Name[],
  figuresOf: (name: Name) => JsonObject,
): Outcome<TakenConfig> {
  const read = readFigures(llamaVidSchema, config, 'config.json');
  if (!read.ok) return read;
  const { bert_type: type, num_query: queryCount, mm_hidden_size: inputWidth } = read.value;
  if (!/^qformer_pretrain(?!.*layer)/.test(type))
    return unsupported(`The text-guided query "${type}"`);
  if (inputWidth !== 1408)
    return unsupported(`A Q-Former of 1408 channels behind an encoder of ${inputWidth}`);
  const own = names.find((name) => figuresOf(name)['projects'] === false);
  const figures = { ...(own === undefined ? {} : figuresOf(own)), queryCount };
  return ok({
    params: { ...publishedOrCustom(names, figuresOf, figures), inputWidth },
    took: ["LLaMA-VID's Q-Former", `${queryCount} queries`],
    file: 'config.json',
  });
}
