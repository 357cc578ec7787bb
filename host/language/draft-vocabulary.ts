/** Whether a draft model means the same by its token ids as the language model; that they are as many, the check has seen. */
import { join } from 'node:path';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import type { LanguageModelStep } from '#engine/node/host-step.ts';
import { readCappedText } from '../text/read-json-object.ts';
import { openTokenizer } from '../text/open-tokenizer.ts';
import { maxTokenizerBytes, type Tokenizer } from '../text/tokenizer.ts';
import { checkpointFolder } from '../weights/checkpoint-folder.ts';

const limits = { code: 'tokenizer-unreadable', maxBytes: maxTokenizerBytes } as const;

/**
 * Fails with `arrangement-unsupported` where a token is written differently in the two checkpoints. Random weights have
 * no tokenizer, and the folder of a draft need not have one. A special token may have a name of its own: what is reserved
 * in one model is often put to use in another.
 */
export async function checkDraftVocabulary(
  { decoding, text, graphs: { vocabularySize } }: LanguageModelStep,
  tokenizer: Tokenizer,
  baseFolder: string,
): Promise<Outcome<null>> {
  if (decoding.kind !== 'draft' || decoding.text.kind === 'random' || text.kind === 'random')
    return ok(null);
  const folder = checkpointFolder(decoding.text.folder, baseFolder);
  const file = await readCappedText(join(folder, 'tokenizer.json'), limits);
  if (!file.ok) return file;
  const own = await readCappedText(
    join(checkpointFolder(text.folder, baseFolder), 'tokenizer.json'),
    limits,
  );
  // Large vocabularies take a second to build, and mostly both folders have the same one.
  if (file.value === null || (own.ok && own.value === file.value)) return ok(null);
  const draft = await openTokenizer(folder);
  return draft.ok ? sameTokens(tokenizer, draft.value, vocabularySize) : draft;
}

function sameTokens(model: Tokenizer, draft: Tokenizer, vocabularySize: number): Outcome<null> {
  for (let id = 0; id < vocabularySize; id++) {
    const [own, other] = [model.tokenOf(id), draft.tokenOf(id)];
    if (own === null || other === null || own === other) continue;
    if (isSpecial(model, id) || isSpecial(draft, id)) continue;
    const message = `The draft model's tokenizer writes token ${id} as ${JSON.stringify(other)}, the language model's as ${JSON.stringify(own)}; choose a draft model with the same tokenizer.`;
    return fail(error('arrangement-unsupported', message));
  }
  return ok(null);
}

const isSpecial = (tokenizer: Tokenizer, id: number): boolean =>
  tokenizer.decode([id], { skipSpecialTokens: true }) === '';
