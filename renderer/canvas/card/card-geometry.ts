/**
 * Measures of a card, known before it is drawn: rows have fixed heights, so that wires, layout and the
 * overview need no measuring, and nothing moves while a run goes on. Pure.
 */
import type { CardContent, PortModel, SocketModel } from './card-content.ts';

export const cardWidthPx = 208;
export const gridPx = 8;

/** Heights of a card's rows; the card sets them as it draws. */
export const rowPx = {
  head: 36,
  summary: 24,
  picture: 100,
  text: 68,
  answer: 152,
  /** A part that is plugged in; an empty socket is slimmer. */
  part: 31,
  emptySocket: 25,
  afterSockets: 4,
  port: 28,
  foot: 44,
  languageFoot: 64,
  problemLine: 16,
  problemEdges: 16,
  mend: 32,
} as const;

export const cardBorderPx = 1;
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
