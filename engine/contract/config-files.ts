/** The files of a checkpoint folder that describe a published model. */
import type { Json } from './document.ts';

export type JsonObject = Readonly<Record<string, Json>>;

/** In the order in which they are looked for. */
export const configFileNames = [
  'config.json',
  'preprocessor_config.json',
  'processor_config.json',
  'adapter_config.json',
] as const;

export type ConfigFileName = (typeof configFileNames)[number];

/** Their contents; a file that the folder does not have is absent. */
export type ConfigFiles = Readonly<Partial<Record<ConfigFileName, JsonObject>>>;
