/** Builds the token sequence of a request: the question in its template, and the place where the visual tokens go. */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import type { ChatMessage, ChatTemplate } from './chat-template.ts';
import type { TextRange } from './literal-text.ts';
import type { Tokenizer } from './tokenizer.ts';

export interface PromptRequest {
  readonly tokenizer: Tokenizer;
  /** Holds `{prompt}`, and `<image>` where a picture is wired; null renders the chat template. */
  readonly template: string | null;
  /** What openChatTemplate gave for the checkpoint folder; null without a folder. Looked at only without a template. */
  readonly chat: Outcome<ChatTemplate> | null;
  /** The user's question; it is plain text whatever it spells. */
  readonly prompt: string;
  readonly hasImage: boolean;
}

export interface Prompt {
  /** The rendered text, with the image marker where visual tokens go. */
  readonly text: string;
  /** Ids before the visual tokens; all ids where there is no picture. */
  readonly before: readonly number[];
  /** Ids after the visual tokens; empty where there is no picture. */
  readonly after: readonly number[];
  readonly hasImage: boolean;
}

type Segment =
  | { readonly kind: 'template'; readonly text: string }
  | { readonly kind: 'question'; readonly text: string }
  | { readonly kind: 'image' };

const imageMarker = '<image>';
const questionMarker = '{prompt}';

/**
 * Where the tokenizer has an image token, the whole text is encoded with it and cut there, as transformers'
 * LlavaProcessor does. Where it has none, the texts on both sides are encoded apart, with special tokens before the first
 * only, as the original LLaVA does (`tokenizer_image_token`).
 *
 * A begin-of-text token that the template spells out is not added a second time.
 */
export function buildPrompt(request: PromptRequest): Outcome<Prompt> {
  const segments =
    request.template === null ? chatSegments(request) : templateSegments(request.template, request);
  if (!segments.ok) return segments;
  return encodeSegments(request.tokenizer, segments.value, request.hasImage);
}

function templateSegments(
  template: string,
  { tokenizer, prompt, hasImage }: PromptRequest,
): Outcome<readonly Segment[]> {
  const parts = splitAtMarkers(template, tokenizer);
  const images = parts.filter(({ kind }) => kind === 'image').length;
  if (hasImage && images === 0) {
    return wrongTemplate(
      'The template has no place for the picture: add <image> where the visual tokens go.',
    );
  }
  if (images > 1) {
    return wrongTemplate('The template has more than one <image>: keep the one that is meant.');
  }
  if (!template.includes(questionMarker)) {
    return wrongTemplate('The template leaves the question out: add {prompt} where it goes.');
  }
  const segments = parts.flatMap((part) =>
    part.kind === 'template' ? withQuestion(part.text, prompt) : [part],
  );
  return ok(hasImage ? segments : withoutImage(segments));
}

/** Cuts text at `<image>`, and at the tokenizer's own image token. */
function splitAtMarkers(text: string, tokenizer: Tokenizer): Segment[] {
  const segments: Segment[] = [];
  for (const [index, outer] of text.split(imageTokenOf(tokenizer)).entries()) {
    if (index > 0) segments.push({ kind: 'image' });
    for (const [innerIndex, inner] of outer.split(imageMarker).entries()) {
      if (innerIndex > 0) segments.push({ kind: 'image' });
      segments.push({ kind: 'template', text: inner });
    }
  }
  return segments;
}

function imageTokenOf(tokenizer: Tokenizer): string {
  const id = tokenizer.imageTokenId;
  return (id === null ? null : tokenizer.tokenOf(id)) ?? imageMarker;
}

function withQuestion(text: string, question: string): Segment[] {
  return text
    .split(questionMarker)
    .flatMap((part, index): Segment[] => [
      ...(index > 0 ? [{ kind: 'question', text: question } as const] : []),
      { kind: 'template', text: part },
    ]);
}

/** Drops the image marker and one newline after it. */
function withoutImage(segments: readonly Segment[]): readonly Segment[] {
  const at = segments.findIndex(({ kind }) => kind === 'image');
  const next = segments[at + 1];
  if (at < 0) return segments;
  const after =
    next?.kind === 'template' ? [{ ...next, text: next.text.replace(/^\r?\n/, '') }] : [];
  return [...segments.slice(0, at), ...after, ...segments.slice(at + 1 + after.length)];
}

/** Stands for the question while the template's own text is looked for; Unicode keeps it free for such use. */
const stand = '\uFDD0';

/**
 * Renders the chat template twice, with a stand-in and with the question, so that the question's place is known and its
 * characters are not taken for markers. Templates of plain language models take a string; the picture then goes first.
 */
function chatSegments(request: PromptRequest): Outcome<readonly Segment[]> {
  const { chat, tokenizer, prompt, hasImage } = request;
  if (chat === null) {
    return wrongTemplate(
      'Without a checkpoint there is no chat template: write a prompt template, such as USER: <image>\\n{prompt} ASSISTANT:.',
    );
  }
  if (!chat.ok) return chat;
  const refusals: Outcome<never>[] = [];
  for (const messagesFor of [multimodalMessages, plainMessages]) {
    const probe = chat.value.render(messagesFor(stand, hasImage, tokenizer));
    if (!probe.ok) {
      refusals.push(probe);
      continue;
    }
    const [prefix, suffix, ...more] = probe.value.split(stand);
    if (prefix === undefined || suffix === undefined || more.length > 0) continue;
    // A template that expects a string prints the list as JSON.
    if (prefix.endsWith('"text": "')) continue;
    const before = splitAtMarkers(prefix, tokenizer);
    const after = splitAtMarkers(suffix, tokenizer);
    const images = [...before, ...after].filter(({ kind }) => kind === 'image').length;
    if (images !== (hasImage ? 1 : 0)) continue;

    const rendered = chat.value.render(messagesFor(prompt, hasImage, tokenizer));
    if (!rendered.ok) return rendered;
    const question = between(rendered.value, prefix, suffix);
    if (question === null) continue;
    return ok([...before, { kind: 'question', text: question }, ...after]);
  }
  const [refusal, secondRefusal] = refusals;
  if (refusal !== undefined && secondRefusal !== undefined) return refusal;
  return wrongTemplate(
    `The chat template in ${chat.value.path} does not show one question${hasImage ? ' and one picture' : ''}: write a prompt template instead.`,
  );
}

function multimodalMessages(question: string, hasImage: boolean): readonly ChatMessage[] {
  const text = { type: 'text', text: question } as const;
  return [{ role: 'user', content: hasImage ? [{ type: 'image' }, text] : [text] }];
}

function plainMessages(
  question: string,
  hasImage: boolean,
  tokenizer: Tokenizer,
): readonly ChatMessage[] {
  const image = hasImage ? `${imageTokenOf(tokenizer)}\n` : '';
  return [{ role: 'user', content: image + question }];
}

/** Templates may trim the question, so it is what lies between the rest. */
function between(text: string, prefix: string, suffix: string): string | null {
  if (text.length < prefix.length + suffix.length) return null;
  if (!text.startsWith(prefix) || !text.endsWith(suffix)) return null;
  return text.slice(prefix.length, text.length - suffix.length);
}

function encodeSegments(
  tokenizer: Tokenizer,
  segments: readonly Segment[],
  hasImage: boolean,
): Outcome<Prompt> {
  const begin =
    tokenizer.beginOfTextId === null ? null : tokenizer.tokenOf(tokenizer.beginOfTextId);
  const addSpecialTokens = !(
    begin !== null &&
    segments[0]?.kind === 'template' &&
    segments[0].text.startsWith(begin)
  );
  const at = segments.findIndex(({ kind }) => kind === 'image');
  const whole = join(segments, imageTokenOf(tokenizer));
  if (at < 0) {
    const before = tokenizer.encode(whole.text, { addSpecialTokens, literal: whole.literal });
    return ok({ text: whole.text, before, after: [], hasImage });
  }
  if (tokenizer.imageTokenId === null) {
    const [left, right] = [segments.slice(0, at), segments.slice(at + 1)].map((side) =>
      join(side, ''),
    );
    return ok({
      text: whole.text,
      before: tokenizer.encode(left!.text, { addSpecialTokens, literal: left!.literal }),
      after: tokenizer.encode(right!.text, { addSpecialTokens: false, literal: right!.literal }),
      hasImage,
    });
  }
  const ids = tokenizer.encode(whole.text, { addSpecialTokens, literal: whole.literal });
  const place = ids.indexOf(tokenizer.imageTokenId);
  if (place < 0 || ids.includes(tokenizer.imageTokenId, place + 1)) {
    return wrongTemplate(
      `The tokenizer reads the image token ${imageTokenOf(tokenizer)} not once in this prompt: write another prompt template.`,
    );
  }
  return ok({
    text: whole.text,
    before: ids.slice(0, place),
    after: ids.slice(place + 1),
    hasImage,
  });
}

interface JoinedText {
  readonly text: string;
  readonly literal: readonly TextRange[];
}

function join(segments: readonly Segment[], imageText: string): JoinedText {
  let text = '';
  const literal: TextRange[] = [];
  for (const segment of segments) {
    const start = text.length;
    text += segment.kind === 'image' ? imageText : segment.text;
    if (segment.kind === 'question') literal.push({ start, end: text.length });
  }
  return { text, literal };
}

function wrongTemplate(message: string): Outcome<never> {
  return fail(error('param-invalid', message, { param: 'template' }));
}
