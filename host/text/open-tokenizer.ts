/** The tokenizer of a checkpoint folder, in whichever form its authors saved it. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { readConfigs } from './tokenizer-config.ts';
import { openTokenizerJson, type Tokenizer } from './tokenizer.ts';
import { openWorldTokenizer } from './world-tokenizer.ts';

/**
 * tokenizer.json, or the list of tokens of RWKV's World models, and what tokenizer_config.json, special_tokens_map.json,
 * generation_config.json and config.json say about special tokens.
 */
export async function openTokenizer(folder: string): Promise<Outcome<Tokenizer>> {
  const configs = await readConfigs(folder);
  if (!configs.ok) return configs;
  for (const openAs of [openTokenizerJson, openWorldTokenizer]) {
    const opened = await openAs(folder, configs.value);
    if (!opened.ok) return opened;
    if (opened.value !== null) return ok(opened.value);
  }
  return missing(folder);
}

async function missing(folder: string): Promise<Outcome<never>> {
  const hasSentencePiece = await stat(join(folder, 'tokenizer.model')).then(
    (found) => found.isFile(),
    () => false,
  );
  const message = hasSentencePiece
    ? `${folder} has a tokenizer.model but no tokenizer.json: SentencePiece files are not read by themselves. Load and save the tokenizer once with transformers, which writes tokenizer.json.`
    : `${folder} has no tokenizer.json: choose a checkpoint folder that has one, or random weights.`;
  return fail(error('tokenizer-unreadable', message));
}
