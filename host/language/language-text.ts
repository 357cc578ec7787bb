/** The text side of a language model: tokenizer, template, and the tokens of a question. */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import type { LanguageModelStep } from '#engine/node/host-step.ts';
import { openChatTemplate, type ChatTemplate } from '../text/chat-template.ts';
import { buildPrompt, type Prompt } from '../text/prompt.ts';
import { standInTokenizer } from '../text/stand-in-tokenizer.ts';
import { openTokenizer, type Tokenizer } from '../text/tokenizer.ts';
import { checkpointFolder } from '../weights/checkpoint-folder.ts';

export interface LanguageText {
  readonly tokenizer: Tokenizer;
  /**
   * Ids before and after the visual tokens, or why the question does not fit. `visualTokens` is 0 without
   * a picture and null where only a run can tell how many there are.
   */
  readonly tokenise: (question: string, visualTokens: number | null) => Outcome<Prompt>;
}

/** Random weights have no tokenizer of their own; one that makes about as many tokens stands in. */
export async function openLanguageText(
  step: LanguageModelStep,
  baseFolder: string,
): Promise<Outcome<LanguageText>> {
  if (step.text.kind === 'random') {
    const template = step.template ?? '<image>\n{prompt}';
    return ok(languageText(step, template, standInTokenizer(step.graphs.vocabularySize), null));
  }
  const folder = checkpointFolder(step.text.folder, baseFolder);
  const tokenizer = await openTokenizer(folder);
  if (!tokenizer.ok) return tokenizer;
  const chat = step.template === null ? await openChatTemplate(folder) : null;
  return ok(languageText(step, step.template, tokenizer.value, chat));
}

function languageText(
  { graphs: { contextLength, vocabularySize } }: LanguageModelStep,
  template: string | null,
  tokenizer: Tokenizer,
  chat: Outcome<ChatTemplate> | null,
): LanguageText {
  return {
    tokenizer,
    tokenise(question, visualTokens) {
      const hasImage = visualTokens !== 0;
      const prompt = buildPrompt({ tokenizer, template, chat, prompt: question, hasImage });
      if (!prompt.ok) return prompt;
      const { before, after } = prompt.value;
      const strange = [...before, ...after].find((id) => id >= vocabularySize);
      if (strange !== undefined) {
        const message = `The tokenizer gives token ${strange}, the model's vocabulary ends at ${vocabularySize - 1}; choose the checkpoint that belongs to the model.`;
        return fail(error('tokenizer-unreadable', message, { param: 'weights' }));
      }
      const words = before.length + after.length;
      return words + (visualTokens ?? 1) + 1 <= contextLength
        ? prompt
        : overflow(words, visualTokens ?? 0, contextLength);
    },
  };
}

function overflow(words: number, visualTokens: number, contextLength: number): Outcome<never> {
  const room = `the model holds ${contextLength}, the answer included`;
  const message =
    visualTokens === 0
      ? `The prompt has ${words} tokens, ${room}; shorten the prompt.`
      : `Prompt and picture have ${words + visualTokens} tokens (${visualTokens} visual), ${room}; shorten the prompt or compress the visual tokens.`;
  return fail(error('context-overflow', message, { port: 'prompt' }));
}
