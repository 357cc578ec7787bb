/** The RWKV that a published config.json describes. */
import { z } from 'zod';
import type { ConfigFiles, JsonObject } from '#engine/contract/config-files.ts';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { TakenConfig } from '#engine/node/taken-config.ts';
import {
  configFile,
  foreign,
  modelTypeOf,
  namedLayers,
  publishedOrCustom,
  readFigures,
  unsupported,
} from '../config/published-config.ts';
import {
  publishedRwkvs,
  standardHeadDivisor,
  standardRwkv,
  type Generation,
  type PublishedRwkv,
  type RwkvArchitecture,
} from './rwkv-architecture.ts';

const generations = { rwkv: '4', rwkv5: '5', rwkv6: '6' } as const satisfies Record<
  string,
  Generation
>;

const isKnown = (type: string): type is keyof typeof generations =>
  Object.hasOwn(generations, type);

/** Null, and what is left unsaid, mean what follows from the rest. The number of heads is left alone: some say the size. */
const schema = z.object({
  vocab_size: z.int().optional(),
  hidden_size: z.int(),
  num_hidden_layers: namedLayers,
  attention_hidden_size: z.int().nullish(),
  intermediate_size: z.int().nullish(),
  head_size: z.int().default(64),
  head_size_divisor: z.number().default(standardHeadDivisor),
  layer_norm_epsilon: z.number().default(1e-5),
  tie_word_embeddings: z.boolean().default(false),
});

export function rwkvFromConfig(files: ConfigFiles): Outcome<TakenConfig> {
  const file = configFile(files, 'config.json');
  if (!file.ok) return file;
  const architecture = architectureFrom(file.value);
  if (!architecture.ok) return architecture;
  const figures = architecture.value;
  const { generation, layerCount, hiddenSize, vocabularySize } = figures;
  return ok({
    params: publishedOrCustom(
      Object.keys(publishedRwkvs) as PublishedRwkv[],
      (name) => publishedRwkvs[name].architecture,
      figures,
    ),
    took: [
      `RWKV-${generation}`,
      `${layerCount} layers × ${hiddenSize}`,
      `${vocabularySize} tokens known`,
    ],
    file: 'config.json',
  });
}

function architectureFrom(json: JsonObject): Outcome<RwkvArchitecture> {
  const type = modelTypeOf(json);
  if (!isKnown(type))
    return type.startsWith('rwkv')
      ? unsupported(`The generation "${type}" of RWKV`)
      : foreign(`config.json describes no RWKV but "${type}"; choose the node of its family.`);
  if ('attn_mode' in json) return unsupported('The RWKV of the library "fla"');
  const version = json['model_version'];
  // Before 5.2 a whole head fades at one rate, and 5.0 has no gate.
  if (type === 'rwkv5' && typeof version === 'string' && version !== '5_2')
    return unsupported(`The version "${version}" of RWKV-5`);
  const figures = readFigures(schema, json, 'config.json');
  if (!figures.ok) return figures;
  const config = figures.value;
  const generation = generations[type];
  const standard = standardRwkv(
    generation,
    config.hidden_size,
    config.num_hidden_layers,
    config.vocab_size ?? (generation === '4' ? 50_277 : 65_536),
  );
  const attentionSize = config.attention_hidden_size ?? standard.attentionSize;
  if (generation !== '4' && attentionSize % config.head_size !== 0)
    return foreign(
      `config.json cannot be taken: ${attentionSize} channels do not divide into heads of ${config.head_size}.`,
    );
  return ok({
    ...standard,
    attentionSize,
    feedForwardSize: config.intermediate_size ?? standard.feedForwardSize,
    headSize: config.head_size,
    normEpsilon: config.layer_norm_epsilon,
    headNormEpsilon: 1e-5 * config.head_size_divisor ** 2,
    tiedEmbeddings: config.tie_word_embeddings,
  });
}
