/** Renders the chat template of a checkpoint folder: how the model was taught to see who says what. */
import { join } from 'node:path';
import { z } from 'zod';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import type { Media } from '#engine/node/wire.ts';
import { readCappedText, readJsonObject, reasonOf } from './read-json-object.ts';
import { renderJinja } from './render-jinja.ts';
import { configLimits, tokenName } from './tokenizer-config.ts';
import { withinTime } from './within-time.ts';

export type ChatContent =
  { readonly type: Media } | { readonly type: 'text'; readonly text: string };

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  /** A list for multimodal templates; a string for those of plain language models. */
  readonly content: string | readonly ChatContent[];
}

export interface ChatTemplate {
  /** The file that the template was found in. */
  readonly path: string;
  /** The text up to where the model's answer begins. */
  render(messages: readonly ChatMessage[]): Outcome<string>;
}

/** Published templates, tools included, have up to 20,000 characters. */
export const maxTemplateCharacters = 200_000;
/** A template that renders for longer loops; published ones take milliseconds. */
const maxRenderMs = 1_000;
const maxRenderedCharacters = 4_000_000;

const namedTemplatesSchema = z.array(z.object({ name: z.string(), template: z.string() }));

/**
 * Finds the chat template of a folder: chat_template.jinja, else `chat_template` in chat_template.json,
 * processor_config.json or tokenizer_config.json, as transformers does.
 */
export async function openChatTemplate(folder: string): Promise<Outcome<ChatTemplate>> {
  const source = await findSource(folder);
  if (!source.ok) return source;
  const { path, text } = source.value;
  if (text.length > maxTemplateCharacters) {
    return unusable(path, `it has more than ${maxTemplateCharacters} characters`);
  }
  const specialTokens = await readSpecialTokens(folder);
  if (!specialTokens.ok) return specialTokens;
  const variables = {
    ...specialTokens.value,
    tools: null,
    documents: null,
    add_generation_prompt: true,
  };
  return ok({ path, render: (messages) => render(path, text, { ...variables, messages }) });
}

interface Source {
  readonly path: string;
  readonly text: string;
}

async function findSource(folder: string): Promise<Outcome<Source>> {
  const limits = { code: 'checkpoint-unreadable', ...configLimits } as const;
  const path = join(folder, 'chat_template.jinja');
  const plain = await readCappedText(path, limits);
  if (!plain.ok) return plain;
  if (plain.value !== null) return ok({ path, text: plain.value });
  for (const name of ['chat_template.json', 'processor_config.json', 'tokenizer_config.json']) {
    const file = await readJsonObject(join(folder, name), limits);
    if (!file.ok) return file;
    const text = defaultTemplate(file.value?.['chat_template']);
    if (text !== null) return ok({ path: join(folder, name), text });
  }
  return fail(
    error(
      'checkpoint-unreadable',
      `${folder} has no chat template: write a prompt template, such as USER: <image>\\n{prompt} ASSISTANT:.`,
      { param: 'template' },
    ),
  );
}

/** One template, or several by name, of which the one called default counts. */
function defaultTemplate(value: unknown): string | null {
  if (typeof value === 'string') return value;
  const named = namedTemplatesSchema.safeParse(value);
  return named.data?.find(({ name }) => name === 'default')?.template ?? null;
}

/** `bos_token`, `eos_token` and so on: templates set some of them themselves. */
async function readSpecialTokens(folder: string): Promise<Outcome<Record<string, string>>> {
  const tokens: Record<string, string> = {};
  for (const name of ['special_tokens_map.json', 'tokenizer_config.json']) {
    const file = await readJsonObject(join(folder, name), {
      code: 'checkpoint-unreadable',
      ...configLimits,
    });
    if (!file.ok) return file;
    for (const [key, value] of Object.entries(file.value ?? {})) {
      const token = key.endsWith('_token') ? tokenName(value) : null;
      if (token !== null) tokens[key] = token;
    }
  }
  return ok(tokens);
}

function render(path: string, text: string, variables: Record<string, unknown>): Outcome<string> {
  let rendered: string;
  try {
    // A template reads and writes nothing but can loop for ever.
    const inTime = withinTime(maxRenderMs, () => renderJinja(text, variables));
    if (!inTime.isDone) return unusable(path, `it takes over ${maxRenderMs} ms`);
    rendered = inTime.result;
  } catch (cause) {
    return unusable(path, reasonOf(cause));
  }
  if (rendered.length > maxRenderedCharacters) {
    return unusable(path, `it renders to more than ${maxRenderedCharacters} characters`);
  }
  return ok(rendered);
}

function unusable(path: string, reason: string): Outcome<never> {
  return fail(
    error(
      'checkpoint-unreadable',
      `The chat template in ${path} cannot be used (${reason}): write a prompt template instead.`,
      { param: 'template' },
    ),
  );
}
