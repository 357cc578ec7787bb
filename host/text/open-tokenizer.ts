/** The tokenizer of a checkpoint folder, in whichever form its authors saved it. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { identityOf, isSettled } from '../weights/file-digests.ts';
import { readConfigs } from './tokenizer-config.ts';
import { openTokenizerJson, type Tokenizer } from './tokenizer.ts';
import { openWorldTokenizer } from './world-tokenizer.ts';

/** Large ones take a second to build and some 100 MB. */
const mostKept = 2;

/** By folder, the one opened longest ago first. */
const kept = new Map<string, { readonly state: string; readonly tokenizer: Tokenizer }>();

/** As it was opened before where nothing in the folder has been touched, else anew. */
export async function openTokenizer(folder: string): Promise<Outcome<Tokenizer>> {
  const state = await stateOf(folder);
  const known = kept.get(folder);
  if (known && known.state === state) return ok(known.tokenizer);
  kept.delete(folder);
  const opened = await readTokenizer(folder);
  if (!opened.ok || state === null) return opened;
  kept.set(folder, { state, tokenizer: opened.value });
  for (const oldest of kept.keys()) {
    if (kept.size <= mostKept) break;
    kept.delete(oldest);
  }
  return opened;
}

/** Changes whenever a file that a tokenizer is read from could have; null where a change might not show. */
async function stateOf(folder: string): Promise<string | null> {
  try {
    const names = (await readdir(folder)).filter((name) => /\.(json|txt)$/.test(name));
    const files = await Promise.all(
      names.toSorted().map(async (name) => {
        const path = join(folder, name);
        return identityOf(path, await stat(path, { bigint: true }));
      }),
    );
    return files.every(isSettled) ? files.map(({ path, key }) => `${path} ${key}`).join() : null;
  } catch {
    return null;
  }
}

/**
 * tokenizer.json, or the list of tokens of RWKV's World models, and what tokenizer_config.json, special_tokens_map.json,
 * generation_config.json and config.json say about special tokens.
 */
async function readTokenizer(folder: string): Promise<Outcome<Tokenizer>> {
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
