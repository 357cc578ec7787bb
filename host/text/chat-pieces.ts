/** The words and places of a question in a checkpoint's chat template. */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import type { Media } from '#engine/node/wire.ts';
import type { ChatMessage, ChatTemplate } from './chat-template.ts';
import { splitAtPlaces, type Piece, type PlacedPiece } from './visual-places.ts';

export interface ChatRequest {
  readonly chat: ChatTemplate;
  /** The question cut at its places; with none of its own, pictures go before it. */
  readonly question: readonly PlacedPiece[];
  /** How pictures and clips are spelled in text. */
  readonly spellings: readonly (readonly [string, Media])[];
}

/** Stands for a text of the question while the template's own text is looked for; Unicode keeps these signs free. */
const stand = (index: number): string => `\uFDD0${index}\uFDD1`;

/** One way to put a question into messages. */
type Form = (question: readonly PlacedPiece[]) => readonly ChatMessage[];

/**
 * Renders the chat template twice, with stand-ins and with the question, so that the question's places are known and
 * its characters are not taken for markers. Templates of plain language models take a string.
 */
export function chatPieces({ chat, question, spellings }: ChatRequest): Outcome<readonly Piece[]> {
  const spelled = (media: Media): string => spellings.find(([, each]) => each === media)?.[0] ?? '';
  const forms: readonly Form[] = [multimodal, asPictures, plainText(spelled)];
  const runs = question.filter(({ kind }) => kind === 'run').length;
  const refusals: Outcome<never>[] = [];
  for (const form of forms) {
    const probe = chat.render(form(withStands(question)));
    if (!probe.ok) {
      refusals.push(probe);
      continue;
    }
    const around = splitAtStands(probe.value, textsOf(question).length);
    if (!around) continue;
    // A template that expects a string prints the list as JSON.
    if (around.some((text) => text.endsWith('"text": "'))) continue;
    const own = around.map((text) => splitAtPlaces(text, spellings, 'template'));
    if (own.flat().filter(({ kind }) => kind === 'place').length !== runs) continue;

    const rendered = chat.render(form(question));
    if (!rendered.ok) return rendered;
    const texts = textsBetween(rendered.value, around, textsOf(question));
    if (!texts) continue;
    return ok(
      own.flatMap((pieces, index): readonly Piece[] => {
        const text = texts[index];
        return text === undefined ? pieces : [...pieces, { kind: 'question', text }];
      }),
    );
  }
  const [refusal] = refusals;
  if (refusal !== undefined && refusals.length === forms.length) return refusal;
  const pictures = runs > 1 ? `${runs} pictures` : 'one picture';
  const message = `The chat template in ${chat.path} does not show one question${runs > 0 ? ` and ${pictures}` : ''}: write a prompt template instead.`;
  return fail(error('param-invalid', message, { param: 'template' }));
}

const textsOf = (question: readonly PlacedPiece[]): readonly string[] =>
  question.flatMap((piece) => (piece.kind === 'run' ? [] : [piece.text]));

function withStands(question: readonly PlacedPiece[]): readonly PlacedPiece[] {
  let count = 0;
  return question.map((piece) =>
    piece.kind === 'run' ? piece : { ...piece, text: stand(count++) },
  );
}

/** The text around the stands, one part more than there are of these; null where they are not all there in order. */
function splitAtStands(text: string, count: number): readonly string[] | null {
  const parts: string[] = [];
  let rest = text;
  for (let index = 0; index < count; index++) {
    const [before, after, ...more] = rest.split(stand(index));
    if (before === undefined || after === undefined || more.length > 0) return null;
    parts.push(before);
    rest = after;
  }
  return [...parts, rest];
}

const multimodal: Form = (question) => [
  {
    role: 'user',
    content: question.map((piece) =>
      piece.kind === 'run' ? { type: piece.media } : { type: 'text', text: piece.text },
    ),
  },
];

/** Of a template that knows no clips. */
const asPictures: Form = (question) =>
  multimodal(
    question.map((piece) => (piece.kind === 'run' ? { ...piece, media: 'image' as const } : piece)),
  );

/** A picture before the question has a line of its own. */
const plainText =
  (spelled: (media: Media) => string): Form =>
  (question) => {
    const first = question.findIndex(({ kind }) => kind !== 'run');
    const content = question.map((piece, index) => {
      if (piece.kind !== 'run') return piece.text;
      return spelled(piece.media) + (index < first ? '\n' : '');
    });
    return [{ role: 'user', content: content.join('') }];
  };

/** Templates may trim the question: what of its texts lies between the template's own. */
function textsBetween(
  rendered: string,
  around: readonly string[],
  texts: readonly string[],
): readonly string[] | null {
  const [prefix = '', suffix = ''] = around;
  if (texts.length === 1) {
    if (rendered.length < prefix.length + suffix.length) return null;
    if (!rendered.startsWith(prefix) || !rendered.endsWith(suffix)) return null;
    return [rendered.slice(prefix.length, rendered.length - suffix.length)];
  }
  const last = texts.length - 1;
  const readings = [
    texts,
    texts.map((text) => text.trim()),
    texts.map((text, index) => {
      const started = index === 0 ? text.trimStart() : text;
      return index === last ? started.trimEnd() : started;
    }),
  ];
  const whole = (reading: readonly string[]): string =>
    around.map((text, index) => text + (reading[index] ?? '')).join('');
  return readings.find((reading) => whole(reading) === rendered) ?? null;
}
