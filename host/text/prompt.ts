/** Builds the token sequence of a request: the question in its template, and the places where the visual tokens go. */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import type { Media } from '#engine/node/wire.ts';
import { chatPieces } from './chat-pieces.ts';
import type { ChatTemplate } from './chat-template.ts';
import { encodeBehind } from './encode-behind.ts';
import { layOutRuns, type LaidRuns } from './lay-out-runs.ts';
import type { TextRange } from './literal-text.ts';
import type { Tokenizer } from './tokenizer.ts';
import {
  allMedia,
  markers,
  placeRuns,
  splitAtPlaces,
  type Piece,
  type PlacedPiece,
} from './visual-places.ts';

export interface PromptRequest {
  readonly tokenizer: Tokenizer;
  /** Holds `{prompt}`, and `<image>` where a picture is wired; null renders the chat template. */
  readonly template: string | null;
  /** What openChatTemplate gave for the checkpoint folder; null without a folder. Looked at only without a template. */
  readonly chat: Outcome<ChatTemplate> | null;
  /**
   * The user's question; it is plain text whatever it spells, except that `<image>` and `<video>` are places where
   * such is wired.
   */
  readonly prompt: string;
  /** The pictures and clips that are wired, each of which is one run of visual tokens. */
  readonly runs: readonly Media[];
  /** What else than the token of a picture may stand for one in a template. */
  readonly marker?: string;
  /** What the model sees around and within each run; nothing where it is left out. */
  readonly laid?: LaidRuns;
}

export type PromptSegment =
  | { readonly kind: 'words'; readonly ids: readonly number[] }
  /** A run of visual tokens, or a share of one that is laid out, by its place among those wired. */
  | { readonly kind: 'visual'; readonly run: number };

export interface Prompt {
  /** The rendered text, with a marker where visual tokens go. */
  readonly text: string;
  readonly segments: readonly PromptSegment[];
}

const questionMarker = '{prompt}';

/** All ids of the words, in order. */
export const wordIds = ({ segments }: Pick<Prompt, 'segments'>): readonly number[] =>
  segments.flatMap((segment) => (segment.kind === 'words' ? segment.ids : []));

/**
 * Where the tokenizer has a token for pictures, the text around them is encoded with it and cut there, as transformers'
 * LlavaProcessor does. Where it has none, the texts on both sides are encoded apart, with special tokens before the first
 * only, as the original LLaVA does (`tokenizer_image_token`).
 *
 * A begin-of-text token that the template spells out is not added a second time. Fails with `marker-mismatch` where
 * there are more places than pictures or fewer, and with `param-invalid` for a template that cannot be used.
 */
export function buildPrompt(request: PromptRequest): Outcome<Prompt> {
  const pieces = request.template === null ? fromChat(request) : fromTemplate(request);
  if (!pieces.ok) return pieces;
  const placed = placeRuns(pieces.value, request.runs);
  if (!placed.ok) return placed;
  const { tokenizer, laid } = request;
  return encodePieces(tokenizer, laid ? layOutRuns(placed.value, laid) : placed.value);
}

function fromTemplate({
  template,
  tokenizer,
  prompt,
  runs,
  marker,
}: PromptRequest): Outcome<readonly Piece[]> {
  const text = template ?? '';
  if (!text.includes(questionMarker)) {
    return wrongTemplate('The template leaves the question out: add {prompt} where it goes.');
  }
  const pieces = text
    .split(questionMarker)
    .flatMap((part, index): readonly Piece[] => [
      ...(index > 0 ? questionPieces(prompt, runs) : []),
      ...splitAtPlaces(part, spellingsOf(tokenizer, marker), 'template'),
    ]);
  return ok(pieces);
}

/** The question's own places: markers of what is wired. */
function questionPieces(prompt: string, runs: readonly Media[]): readonly Piece[] {
  const wired = allMedia.filter(
    (media) => runs.includes(media) || (media === 'image' && runs.length > 0),
  );
  const spellings = wired.map((media) => [markers[media], media] as const);
  return splitAtPlaces(prompt, spellings, 'question');
}

function fromChat({
  chat,
  tokenizer,
  prompt,
  runs,
  marker,
}: PromptRequest): Outcome<readonly Piece[]> {
  if (chat === null) {
    return wrongTemplate(
      'Without a checkpoint there is no chat template: write a prompt template, such as USER: <image>\\n{prompt} ASSISTANT:.',
    );
  }
  if (!chat.ok) return chat;
  const asked = questionPieces(prompt, runs);
  const hasPlaces = asked.some(({ kind }) => kind === 'place');
  const before = runs.map((media, run) => ({ kind: 'run', run, media }) as const);
  const question = hasPlaces
    ? placeRuns(asked, runs)
    : ok([...before, { kind: 'question', text: prompt } as const]);
  if (!question.ok) return question;
  return chatPieces({
    chat: chat.value,
    question: hasPlaces ? withoutGaps(question.value) : question.value,
    spellings: spellingsOf(tokenizer, marker),
  });
}

/** Texts that lie side by side as one, and none that is empty. */
function withoutGaps(pieces: readonly PlacedPiece[]): readonly PlacedPiece[] {
  const joinedPieces: PlacedPiece[] = [];
  for (const piece of pieces) {
    const last = joinedPieces.at(-1);
    if (piece.kind === 'run') joinedPieces.push(piece);
    else if (last && last.kind !== 'run')
      joinedPieces[joinedPieces.length - 1] = { ...last, text: last.text + piece.text };
    else if (piece.text !== '') joinedPieces.push(piece);
  }
  return joinedPieces;
}

/** How a template may spell a place: the checkpoint's own token, the common marker, or that of a picture's layout. */
function spellingsOf(tokenizer: Tokenizer, marker = ''): readonly (readonly [string, Media])[] {
  const common = allMedia.flatMap((media) =>
    [...new Set([tokenOf(tokenizer, media), markers[media]])].map(
      (spelling) => [spelling, media] as const,
    ),
  );
  return marker === '' ? common : [...common, [marker, 'image']];
}

const tokenIdOf = (tokenizer: Tokenizer, media: Media): number | null =>
  media === 'image' ? tokenizer.imageTokenId : tokenizer.videoTokenId;

function tokenOf(tokenizer: Tokenizer, media: Media): string {
  const id = tokenIdOf(tokenizer, media);
  return (id === null ? null : tokenizer.tokenOf(id)) ?? markers[media];
}

function encodePieces(tokenizer: Tokenizer, pieces: readonly PlacedPiece[]): Outcome<Prompt> {
  const begin =
    tokenizer.beginOfTextId === null ? null : tokenizer.tokenOf(tokenizer.beginOfTextId);
  // Pictures may go before it.
  const first = pieces.find((piece) => piece.kind !== 'run' && piece.text !== '');
  const spellsBegin = begin !== null && first?.kind === 'template' && first.text.startsWith(begin);
  const segments: PromptSegment[] = [];
  for (const [index, stretch] of stretchesOf(tokenizer, pieces).entries()) {
    if (stretch.before !== null) segments.push({ kind: 'visual', run: stretch.before });
    const { text, literal } = join(tokenizer, stretch.pieces);
    const addSpecialTokens = index === 0 && !spellsBegin;
    const isLayout = stretch.before !== null && stretch.pieces.every(isOfLayout);
    const ids = isLayout
      ? encodeBehind(tokenizer, text)
      : tokenizer.encode(text, { addSpecialTokens, literal });
    if (!ids.ok) return ids;
    const cut = cutAtTokens(tokenizer, ids.value, stretch.pieces);
    if (!cut.ok) return cut;
    segments.push(...cut.value);
  }
  const hasIds = (segment: PromptSegment): boolean =>
    segment.kind === 'visual' || segment.ids.length > 0;
  return ok({ text: join(tokenizer, pieces).text, segments: segments.filter(hasIds) });
}

const isOfLayout = ({ kind }: PlacedPiece): boolean => kind === 'layout';

/** Pieces that are encoded together, behind a run for which the tokenizer has no token. */
interface Stretch {
  readonly before: number | null;
  readonly pieces: readonly PlacedPiece[];
}

function stretchesOf(tokenizer: Tokenizer, pieces: readonly PlacedPiece[]): readonly Stretch[] {
  const stretches: { before: number | null; pieces: PlacedPiece[] }[] = [
    { before: null, pieces: [] },
  ];
  for (const piece of pieces) {
    if (piece.kind === 'run' && tokenIdOf(tokenizer, piece.media) === null)
      stretches.push({ before: piece.run, pieces: [] });
    else stretches.at(-1)?.pieces.push(piece);
  }
  return stretches;
}

/** Cuts ids at the tokens of pictures, of which there have to be as many as runs. */
function cutAtTokens(
  tokenizer: Tokenizer,
  ids: readonly number[],
  pieces: readonly PlacedPiece[],
): Outcome<readonly PromptSegment[]> {
  const runs = pieces.filter((piece) => piece.kind === 'run');
  const tokens = new Set(runs.map(({ media }) => tokenIdOf(tokenizer, media)));
  const segments: PromptSegment[] = [];
  let from = 0;
  let found = 0;
  for (const [place, id] of ids.entries()) {
    if (!tokens.has(id)) continue;
    const run = runs[found++];
    if (run) {
      const words = { kind: 'words', ids: ids.slice(from, place) } as const;
      segments.push(words, { kind: 'visual', run: run.run });
    }
    from = place + 1;
  }
  if (found !== runs.length) {
    const [{ media } = { media: 'image' as const }] = runs;
    return wrongTemplate(
      `The tokenizer reads the token ${tokenOf(tokenizer, media)} ${found} times in this prompt, it is meant ${runs.length} times: write another prompt template.`,
    );
  }
  return ok([...segments, { kind: 'words', ids: ids.slice(from) }]);
}

interface JoinedText {
  readonly text: string;
  readonly literal: readonly TextRange[];
}

function join(tokenizer: Tokenizer, pieces: readonly PlacedPiece[]): JoinedText {
  let text = '';
  const literal: TextRange[] = [];
  for (const piece of pieces) {
    const start = text.length;
    text += piece.kind === 'run' ? tokenOf(tokenizer, piece.media) : piece.text;
    if (piece.kind === 'question') literal.push({ start, end: text.length });
  }
  return { text, literal };
}

function wrongTemplate(message: string): Outcome<never> {
  return fail(error('param-invalid', message, { param: 'template' }));
}
