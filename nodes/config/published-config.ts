/** Reading a published config.json: the node's own part of it, its figures, and why it cannot be taken. */
import { z } from 'zod';
import type { Json } from '#engine/contract/document.ts';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import type { ConfigFileName, ConfigFiles, JsonObject } from '#engine/contract/config-files.ts';
import type { Activation } from '#engine/onnx/blocks/feed-forward.ts';

/** What the libraries call the activations. */
const activationNames: Readonly<Record<string, Activation>> = {
  silu: 'silu',
  gelu: 'gelu',
  gelu_new: 'gelu-tanh',
  gelu_pytorch_tanh: 'gelu-tanh',
  quick_gelu: 'quick-gelu',
  relu: 'relu',
};

/** Null where it is not built, or no name at all. */
export function activationFromConfig(name: unknown): Activation | null {
  return (typeof name === 'string' ? activationNames[name] : undefined) ?? null;
}

/** One of the files, or that the folder does not have it. */
export function configFile(files: ConfigFiles, name: ConfigFileName): Outcome<JsonObject> {
  const file = files[name];
  if (file) return ok(file);
  return foreign(`There is no ${name}; choose the folder of a published model.`);
}

/** How many layers a configuration names: never so many that they could not be listed one by one. */
export const namedLayers = z.int().max(65_536);

/** The object under the first of these names that there is. */
export function partOf(config: JsonObject, names: readonly string[]): JsonObject | null {
  for (const name of names) {
    const part = config[name];
    if (isObject(part)) return part;
  }
  return null;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What a schema reads, or what is missing or wrong in the file. */
export function readFigures<Figures>(
  schema: z.ZodType<Figures>,
  config: JsonObject,
  file: ConfigFileName,
): Outcome<Figures> {
  const parsed = schema.safeParse(config);
  if (parsed.success) return ok(parsed.data);
  const [issue] = parsed.error.issues;
  const place = issue?.path.join('.') ?? '';
  return foreign(`${file} cannot be taken: "${place}" is wrong (${issue?.message}).`);
}

/** "clip_vision_model", or that it does not say. */
export function modelTypeOf(config: JsonObject): string {
  const type = config['model_type'];
  return typeof type === 'string' ? type : 'unnamed';
}

/** The published model that has exactly these figures, or a custom one with them. */
export function publishedOrCustom<Name extends string>(
  names: readonly Name[],
  figuresOf: (name: Name) => object,
  figures: JsonObject,
): JsonObject {
  const has = (published: object): boolean => {
    const theirs = new Map<string, unknown>(Object.entries(published));
    return Object.entries(figures).every(([name, value]) => theirs.get(name) === value);
  };
  const name = names.find((each) => has(figuresOf(each)));
  return name === undefined ? { model: 'custom', ...figures } : { model: name };
}

/** The configuration is not one of this node. */
export function foreign(sentence: string): Outcome<never> {
  return fail(error('config-foreign', sentence));
}

/** It is one of this node, but asks for what is not built. */
export function unsupported(what: string): Outcome<never> {
  return fail(error('config-unsupported', `${what} is not built yet.`));
}
