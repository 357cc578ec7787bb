/** Pieces of a page, written so that nothing that comes from outside can become part of its making. Pure. */

/** What may stand in a page as it is; made by `markup` only. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Null is nothing. */
type Piece = Markup | string | number | null | readonly Piece[];

/** A template whose values are escaped, for between tags and within the quotes of an attribute. */
export function markup(fixed: TemplateStringsArray, ...pieces: readonly Piece[]): Markup {
  const written = pieces.map(escaped);
  return new Markup(fixed.map((text, place) => text + (written[place] ?? '')).join(''));
}

function escaped(piece: Piece): string {
  if (piece === null) return '';
  if (piece instanceof Markup) return piece.text;
  if (typeof piece === 'string') return escapedText(piece);
  if (typeof piece === 'number') return String(piece);
  return piece.map(escaped).join('');
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Signs that no page may hold: controls but tab and line ends, and halves of a pair. */
const unspeakable = /(?![\t\n\r])\p{Control}|\p{Surrogate}/gu;

const escapedText = (text: string): string =>
  text.replaceAll(unspeakable, '\ufffd').replaceAll(/[&<>"']/g, (sign) => escapes[sign] ?? sign);
