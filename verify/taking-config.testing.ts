/** Test support: what nodes take from published configurations, recorded ones and written ones. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConfigFiles, JsonObject } from '#engine/contract/config-files.ts';
import type { Outcome } from '#engine/contract/outcome.ts';
import type { AnyNodeDefinition } from '#engine/node/any-node-definition.ts';
import type { TakenConfig } from '#engine/node/taken-config.ts';

export const recorded = join(import.meta.dirname, 'recorded');

/** A file of a recorded case, by its path from `recorded`. */
export const read = (path: string): JsonObject =>
  JSON.parse(readFileSync(join(recorded, path), 'utf8')) as JsonObject;

export const config = (json: JsonObject): ConfigFiles => ({ 'config.json': json });

export function taken(
  definition: AnyNodeDefinition,
  files: ConfigFiles,
  present: JsonObject = {},
): Outcome<TakenConfig> {
  const outcome = definition.fromConfig?.(files, present);
  if (!outcome) throw new Error(`"${definition.type}" takes no configuration.`);
  return outcome;
}

/** Why a node does not take a configuration. */
export function refusal(definition: AnyNodeDefinition, files: ConfigFiles): string {
  const outcome = taken(definition, files);
  return outcome.ok ? 'taken' : outcome.problems.map(({ message }) => message).join(' ');
}
