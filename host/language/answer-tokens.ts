/** Token ids of what the parameters of an answer spell as text: given answers, and texts whose tokens are biased. */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import type { LanguageModelStep, TextBias } from '#engine/node/host-step.ts';
import { encodeBehind } from '../text/encode-behind.ts';
import { wordIds, type Prompt } from '../text/prompt.ts';
import type { Tokenizer } from '../text/tokenizer.ts';
import type { AnswerContext } from './adjusted-logits.ts';
import type { Choice } from './score-choices.ts';

/** From here down a token is never written. */
const bansFrom = -100;

/**
 * What the answer to a prompt depends on besides the model. A text's tokens are biased each alone, as it stands at the
 * beginning and within words: with and without a space before it.
 */
export function answerContext(
  tokenizer: Tokenizer,
  prompt: Prompt,
  biases: readonly TextBias[],
): Outcome<AnswerContext> {
  const bias = new Map<number, number>();
  for (const { text, bias: added } of biases) {
    const within = encodeBehind(tokenizer, text, { isLiteral: true });
    const begun = encodeBehind(tokenizer, ` ${text}`, { isLiteral: true });
    if (!within.ok) return within;
    if (!begun.ok) return begun;
    const change = added <= bansFrom ? -Infinity : added;
    for (const id of new Set([...within.value, ...begun.value]))
      bias.set(id, (bias.get(id) ?? 0) + change);
  }
  return ok({ bias, promptIds: promptIds(tokenizer, prompt) });
}

/** The reference's prompt has the tokenizer's own token in every place of a visual one. */
function promptIds({ imageTokenId, videoTokenId }: Tokenizer, prompt: Prompt): readonly number[] {
  const isSeen = prompt.segments.some(({ kind }) => kind === 'visual');
  const visual = isSeen ? [imageTokenId, videoTokenId] : [];
  return [...wordIds(prompt), ...visual.flatMap((id) => id ?? [])];
}

/**
 * Given answers as they go on from the prompt: behind a space, unless the prompt ends with white space, a special token
 * or visual tokens. `length` is the prompt's, in tokens. Fails with `context-overflow` where one does not fit.
 */
export function choiceTokens(
  tokenizer: Tokenizer,
  prompt: Prompt,
  length: number,
  { choices, graphs: { contextLength } }: Pick<LanguageModelStep, 'choices' | 'graphs'>,
): Outcome<readonly Choice[]> {
  const { separator, before } = joint(tokenizer, prompt);
  const found: Choice[] = [];
  for (const text of choices?.answers ?? []) {
    const ids = encodeBehind(tokenizer, separator + text, { before, isLiteral: true });
    if (!ids.ok) return ids;
    if (ids.value.length === 0) {
      const message = `The tokenizer has no token for the choice "${text}"; write another one.`;
      return fail(error('param-invalid', message, { param: 'choices' }));
    }
    // The last token is not read.
    if (length + ids.value.length - 1 > contextLength) {
      const message = `Prompt and the choice "${text}" have ${length + ids.value.length} tokens, the model holds ${contextLength}; shorten the prompt or the choice.`;
      return fail(error('context-overflow', message, { param: 'choices' }));
    }
    found.push({ text, ids: ids.value });
  }
  return ok(found);
}

interface Joint {
  readonly separator: '' | ' ';
  /** The end of the prompt's text; undefined where any will do. */
  readonly before?: string;
}

function joint(tokenizer: Tokenizer, { text, segments }: Prompt): Joint {
  const last = segments.at(-1);
  if (last?.kind !== 'words') return { separator: '', before: '' };
  const id = last.ids.at(-1) as number;
  const isSpecial = tokenizer.decode([id], { skipSpecialTokens: true }) === '';
  const token = tokenizer.tokenOf(id);
  if (isSpecial && token !== null && text.endsWith(token)) return { separator: '', before: token };
  const end = /\s$/.exec(text)?.[0];
  return end === undefined ? { separator: ' ' } : { separator: '', before: end };
}
