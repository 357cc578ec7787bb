/** What the files beside tokenizer.json say about special tokens. */
import { join } from 'node:path';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import { readJsonObject, type JsonObject } from './read-json-object.ts';

/** Configurations with a description of every added token reach about 1 MB. */
export const configLimits = {
  maxBytes: 16 * 2 ** 20,
  depth: 32,
  values: 2 ** 20,
  fields: 2 ** 20,
} as const;

/** Files beside tokenizer.json that name special tokens; an absent file is empty. */
export interface Configs {
  readonly tokenizer: JsonObject;
  readonly specialTokens: JsonObject;
  readonly generation: JsonObject;
  readonly model: JsonObject;
}

export async function readConfigs(folder: string): Promise<Outcome<Configs>> {
  const limits = { code: 'tokenizer-unreadable', ...configLimits } as const;
  const read = async (name: string): Promise<Outcome<JsonObject>> => {
    const file = await readJsonObject(join(folder, name), limits);
    return file.ok ? ok(file.value ?? {}) : file;
  };
  const tokenizer = await read('tokenizer_config.json');
  if (!tokenizer.ok) return tokenizer;
  const specialTokens = await read('special_tokens_map.json');
  if (!specialTokens.ok) return specialTokens;
  const generation = await read('generation_config.json');
  if (!generation.ok) return generation;
  const model = await read('config.json');
  if (!model.ok) return model;
  return ok({
    tokenizer: tokenizer.value,
    specialTokens: specialTokens.value,
    generation: generation.value,
    model: model.value,
  });
}

/** A token in a configuration file: its text, or an object that holds it. */
export function tokenName(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null || !('content' in value)) return null;
  return typeof value.content === 'string' ? value.content : null;
}

/** As transformers: generation_config.json speaks first, then config.json, there or in its language part. */
export function endOfTextIdsOf({ generation, model }: Configs): readonly number[] {
  const language = model['text_config'];
  const sources = [generation, model, typeof language === 'object' ? { ...language } : {}];
  for (const source of sources) {
    const ids = idsOf('eos_token_id' in source ? source.eos_token_id : null);
    if (ids.length > 0) return ids;
  }
  return [];
}

export function idsOf(value: unknown): readonly number[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.filter((id): id is number => Number.isInteger(id) && Number(id) >= 0);
}
