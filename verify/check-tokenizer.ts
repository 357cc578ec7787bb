/** Recorded tokenizers: every string to ids and back. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ok } from '#engine/contract/outcome.ts';
import { openTokenizer } from '#host/text/tokenizer.ts';
import { compareTexts, compareWholes } from './comparison.ts';
import type { CaseCheck } from './case-check.ts';

const stringsSchema = z.array(
  z.object({
    text: z.string(),
    ids: z.array(z.int()),
    ids_with_special_tokens: z.array(z.int()),
    decoded: z.string(),
    decoded_skip_special_tokens: z.string(),
  }),
);

export const checkTokenizer: CaseCheck = async ({ folder }) => {
  const opened = await openTokenizer(folder);
  if (!opened.ok) return opened;
  const tokenizer = opened.value;
  const strings = stringsSchema.parse(
    JSON.parse(await readFile(join(folder, 'strings.json'), 'utf8')),
  );
  const comparisons = strings.flatMap((string, index) => {
    const name = (what: string) => `${what} of string ${index}`;
    return [
      compareWholes(
        name('ids'),
        tokenizer.encode(string.text, { addSpecialTokens: false }),
        string.ids,
      ),
      compareWholes(
        name('ids with special tokens'),
        tokenizer.encode(string.text, { addSpecialTokens: true }),
        string.ids_with_special_tokens,
      ),
      compareTexts(
        name('decoded text'),
        tokenizer.decode(string.ids, { skipSpecialTokens: false }),
        string.decoded,
      ),
      compareTexts(
        name('decoded text without special tokens'),
        tokenizer.decode(string.ids, { skipSpecialTokens: true }),
        string.decoded_skip_special_tokens,
      ),
    ];
  });
  const wrong = comparisons.filter(({ maxAbsError }) => maxAbsError > 0);
  const all = { output: `${strings.length} strings, to ids and back`, maxAbsError: 0, atol: 0 };
  return ok(wrong.length > 0 ? wrong : [all]);
};
