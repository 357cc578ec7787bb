/**
 * Measures of a card, known before it is drawn: rows have fixed heights, so that wires, layout and the
 * overview need no measuring, and nothing moves while a run goes on. Pure.
 */
import type { CardContent, PortModel, SocketModel } from './card-content.ts';
import { textWidthPx, type Room } from './fitting-text.ts';

export const cardWidthPx = 208;
export const gridPx = 8;

/** Heights of a card's rows; the card sets them as it draws. */
export const rowPx = {
  head: 36,
  summary: 24,
  picture: 128,
  text: 68,
  answer: 152,
  /** A part that is plugged in; an empty socket is slimmer. */
  part: 31,
  emptySocket: 25,
  afterSockets: 4,
  port: 24,
  foot: 44,
  languageFoot: 64,
  problemLine: 16,
  problemEdges: 16,
  mend: 32,
} as const;

/** Sizes of the letters on a card, as its styles set them; a title is bold, and so a little wider. */
export const cardFontPx = {
  title: 13.25,
  state: 11,
  summary: 12,
  part: 12,
  partSummary: 11,
  port: 11.5,
} as const;

export const cardBorderPx = 1;
/** Between the card's edges and what stands in it, and between two texts of a row. */
const paddingPx = 10;
export const gapPx = 8;
export const contentWidthPx = cardWidthPx - 2 * (cardBorderPx + paddingPx);

/** What is left of a row beside a text that stands whole. */
export const roomBesidePx = (text: string | null, letters: Omit<Room, 'widthPx'>): number =>
  contentWidthPx - (text === null || text === '' ? 0 : textWidthPx(text, letters) + gapPx);

/** The mark of the family with the gap behind it. */
const glyphPx = 17;
/** Texts of the head may stand a little nearer to each other than those of a row. */
const headGapPx = 3;

export const titleRoomPx = (state: string | null): number =>
  contentWidthPx -
  glyphPx -
  (state === null ? 0 : textWidthPx(state, { fontPx: cardFontPx.state }) + headGapPx);

export const summaryRoomPx = (parameters: string | null): number =>
  roomBesidePx(parameters, { fontPx: cardFontPx.port, font: 'numbers' });
/** The visible dot of a port; a wire ends at its outer edge. */
export const portDotPx = 10;

export interface PlacedPort {
  readonly port: PortModel;
  readonly side: 'left' | 'right';
  /** Of the dot's middle, from the card's upper edge. */
  readonly y: number;
  readonly isHidden: boolean;
}

export interface CardGeometry {
  readonly height: number;
  readonly ports: readonly PlacedPort[];
}

/** Letters of 11.5 px Inter that surely fit on one line of a card. */
const lettersPerLine = 30;
const mostProblemLines = 5;

export function problemLines(sentence: string): number {
  return Math.min(mostProblemLines, Math.max(1, Math.ceil(sentence.length / lettersPerLine)));
}

export const socketHeightPx = ({ plugged }: SocketModel): number =>
  plugged.length === 0 ? rowPx.emptySocket : plugged.length * rowPx.part;

export function cardGeometry(content: CardContent): CardGeometry {
  const ports: PlacedPort[] = [];
  const place = (port: PortModel | null, top: number, height: number, isHidden = false): void => {
    const side = port?.side === 'inputs' ? 'left' : 'right';
    if (port) ports.push({ port, side, y: top + height / 2, isHidden });
  };
  let y: number = cardBorderPx;
  place(content.headPort, y, rowPx.head);
  for (const port of content.hiddenPorts) place(port, y, rowPx.head, true);
  y += rowPx.head;
  if (content.summary !== null) y += rowPx.summary;
  if (content.body) y += rowPx[content.body.kind];
  for (const socket of content.sockets) {
    const height = socketHeightPx(socket);
    place(socket.port, y, height);
    y += height;
  }
  if (content.sockets.length > 0) y += rowPx.afterSockets;
  for (const { input, output } of content.rows) {
    place(input, y, rowPx.port);
    place(output, y, rowPx.port);
    y += rowPx.port;
  }
  if (content.foot === 'stage') y += rowPx.foot;
  if (content.foot === 'language') y += rowPx.languageFoot;
  if (content.problem) {
    y += rowPx.problemEdges + problemLines(content.problem.message) * rowPx.problemLine;
    if (content.problem.mend) y += rowPx.mend;
  }
  return { height: y + cardBorderPx, ports };
}
