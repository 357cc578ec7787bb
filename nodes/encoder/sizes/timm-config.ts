/** A published size by the name that timm's config.json gives its architecture, alone or in a whole model's `vision_config`. */
import type { ConfigFiles, JsonObject } from '#engine/contract/config-files.ts';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { TakenConfig } from '#engine/node/taken-config.ts';
import { configFile, foreign, partOf, unsupported } from '../../config/published-config.ts';

export interface TimmModel<Name extends string> {
  /** The published size. */
  readonly model: Name;
  /** Arguments that change it. */
  readonly given: JsonObject;
}

/** Arguments that change nothing of what an encoder gives. */
const passed = new Set(['num_classes', 'global_pool', 'in_chans']);

/** `architectures` are timm's names of the published sizes. */
export function timmModel<Name extends string>(
  files: ConfigFiles,
  title: string,
  architectures: Readonly<Record<string, Name>>,
): Outcome<TimmModel<Name>> {
  const file = configFile(files, 'config.json');
  if (!file.ok) return file;
  const config = partOf(file.value, ['vision_config']) ?? file.value;
  const { architecture } = config;
  const model =
    typeof architecture === 'string' && Object.hasOwn(architectures, architecture)
      ? architectures[architecture]
      : undefined;
  if (model === undefined)
    return foreign(`config.json describes no ${title}, and no model that sees with one.`);
  const given = Object.entries(partOf(config, ['model_args']) ?? {});
  return ok({ model, given: Object.fromEntries(given.filter(([name]) => !passed.has(name))) });
}

/** As {@link timmModel}, of an encoder that is taken as published only; `otherwise` reads a file that is not timm's. */
export function timmFromConfig(
  files: ConfigFiles,
  title: string,
  architectures: Readonly<Record<string, string>>,
  otherwise?: () => Outcome<TakenConfig>,
): Outcome<TakenConfig> {
  const found = timmModel(files, title, architectures);
  if (!found.ok) return otherwise?.() ?? found;
  const [own] = Object.keys(found.value.given);
  if (own !== undefined) return unsupported(`${title} with "${own}" of its own`);
  const { model } = found.value;
  return ok({ params: { model }, took: [title, model], file: 'config.json' });
}
