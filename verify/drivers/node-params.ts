/** A node's parameters for a recorded case: what the configuration says, and the weights of the folder. */
import type { ConfigFiles, JsonObject } from '#engine/contract/config-files.ts';
import type { Json } from '#engine/contract/document.ts';
import type { AnyNodeDefinition } from '#engine/node/any-node-definition.ts';
import { catalogue } from '#nodes/index.ts';
import type { NodeSetting, NodeType } from '../cases/rows/node-setting.ts';
import type { RecordedCase } from '../cases/recorded-case.ts';

export interface SetNode {
  readonly definition: AnyNodeDefinition;
  readonly params: JsonObject;
  /** What is plugged in, by port. */
  readonly parts: Readonly<Record<string, readonly SetNode[]>>;
}

export const definitionOf = (type: NodeType): AnyNodeDefinition => catalogue[type];

/** Where the configuration is not the node's, or asks for what is not built, the reason as a string. */
export function setNode(
  { type, params = {}, paramKeys, parts = {} }: NodeSetting,
  recorded: RecordedCase,
  files: ConfigFiles,
): SetNode | string {
  const { config, folder } = recorded;
  const definition = definitionOf(type);
  const plugged: Record<string, readonly SetNode[]> = {};
  for (const [port, setting] of Object.entries(parts)) {
    const part = setNode(setting, recorded, files);
    if (typeof part === 'string') return part;
    plugged[port] = [part];
  }
  const taken = paramKeys ? undefined : definition.fromConfig?.(files, params);
  if (taken?.ok === false) return taken.problems.map(({ message }) => message).join(' ');
  const weights = { kind: 'checkpoint', folder };
  return {
    definition,
    parts: plugged,
    params: {
      ...taken?.value.params,
      ...figuresAt(config, paramKeys ?? {}),
      ...params,
      ...('weights' in definition.params && { weights }),
    },
  };
}

function figuresAt(config: JsonObject, keys: NonNullable<NodeSetting['paramKeys']>): JsonObject {
  return Object.fromEntries(
    Object.entries(keys).map(([param, factors]) => [
      param,
      factors.reduce((product, key) => product * Number(valueAt(config, key)), 1),
    ]),
  );
}

/** `tower.depth` is the key `depth` of what is at `tower`. */
const valueAt = (config: JsonObject, path: string): Json | undefined =>
  path
    .split('.')
    .reduce<Json | undefined>((at, key) => (at as JsonObject | undefined)?.[key], config);

/**
 * A projector's few recorded figures as they would stand in the config.json of the whole model, of which they
 * name both widths, and the language model's inner one where it is the projector's too.
 */
export function asWholeModel(modelType: string, config: JsonObject): ConfigFiles {
  const {
    vision_hidden_size: vision,
    text_hidden_size: text,
    text_intermediate_size: inner,
  } = config;
  return {
    'config.json': {
      ...config,
      model_type: modelType,
      vision_config: { ...config, ...(vision !== undefined && { hidden_size: vision }) },
      qformer_config: config,
      text_config: {
        ...(text !== undefined && { hidden_size: text }),
        ...(inner !== undefined && { intermediate_size: inner }),
      },
    },
  };
}
