/** The text side of a language model: tokenizer, template, and the tokens of a question. */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import type { Media } from '#engine/node/wire.ts';
import type { LanguageModelStep } from '#engine/node/host-step.ts';
import type { PictureLayout } from '#engine/node/picture-layout.ts';
import { openChatTemplate, type ChatTemplate } from '../text/chat-template.ts';
import type { LaidPiece } from '../text/lay-out-views.ts';
import { buildPrompt, wordIds, type Prompt } from '../text/prompt.ts';
import { standInTokenizer } from '../text/stand-in-tokenizer.ts';
import { openTokenizer } from '../text/open-tokenizer.ts';
import type { Tokenizer } from '../text/tokenizer.ts';
import { checkpointFolder } from '../weights/checkpoint-folder.ts';

export interface LanguageText {
  readonly tokenizer: Tokenizer;
  /** Words and places of visual tokens in turn, or why the question does not fit. */
  readonly tokenise: (question: string, runs: readonly WiredRun[]) => Outcome<Prompt>;
}

/** The visual tokens of one picture or clip that is wired. */
export interface WiredRun {
  readonly media: Media;
  /** Null where only a run can tell. */
  readonly tokens: number | null;
  /** As the prompt has it. */
  readonly laid: readonly LaidPiece[];
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
  const unknown = unknownToken(step.pictureLayout, tokenizer.value);
  if (unknown !== null) {
    const message = `The tokenizer has no token ${unknown}, which the picture layout sets around pictures; choose the layout that the checkpoint was taught.`;
    return fail(error('param-invalid', message, { param: 'pictureLayout' }));
  }
  const chat = step.template === null ? await openChatTemplate(folder) : null;
  return ok(languageText(step, step.template, tokenizer.value, chat));
}

/** A token that a layout names and a tokenizer would read as plain text; null where there is none. */
function unknownToken(layout: PictureLayout, tokenizer: Tokenizer): string | null {
  const { alone, whole, tile, ...others } = layout;
  const around = [alone, whole, tile].flatMap(({ before, behind }) => [before, behind]);
  const texts = [...around, ...Object.values(others)].map((text) =>
    text.replace('{row}', '1').replace('{column}', '1'),
  );
  const named = texts.flatMap((text) => text.match(/<[^<>]+>|\[[A-Z_]+\]/g) ?? []);
  return named.find((token) => tokenizer.idOf(token) === null) ?? null;
}

function languageText(
  { graphs: { contextLength, vocabularySize }, pictureLayout: { marker } }: LanguageModelStep,
  template: string | null,
  tokenizer: Tokenizer,
  chat: Outcome<ChatTemplate> | null,
): LanguageText {
  return {
    tokenizer,
    tokenise(question, runs) {
      const media = runs.map((run) => run.media);
      const laid = runs.map((run) => run.laid);
      const prompt = buildPrompt({
        tokenizer,
        template,
        chat,
        prompt: question,
        runs: media,
        marker,
        laid,
      });
      if (!prompt.ok) return prompt;
      const ids = wordIds(prompt.value);
      const strange = ids.find((id) => id >= vocabularySize);
      if (strange !== undefined) {
        const message = `The tokenizer gives token ${strange}, the model's vocabulary ends at ${vocabularySize - 1}; choose the checkpoint that belongs to the model.`;
        return fail(error('tokenizer-unreadable', message, { param: 'weights' }));
      }
      // Of a run that is not known yet, there is one token at least.
      const visualTokens = runs.reduce((sum, { tokens }) => sum + (tokens ?? 1), 0);
      return ids.length + visualTokens + 1 <= contextLength
        ? prompt
        : overflow(ids.length, visualTokens, contextLength);
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
