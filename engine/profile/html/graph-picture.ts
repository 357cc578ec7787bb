/** A picture of the graph that ran: its nodes where they lie on the canvas, its wires, what each node took. Pure. */
import { formatMilliseconds } from '../../contract/format.ts';
import {
  picturedGraph,
  pictureFrame,
  type PicturedCard,
  type PicturedWire,
} from './pictured-graph.ts';
import { markup, type Markup } from './markup.ts';
import { cardPx } from './picture-measures.ts';
import type { SavedReport } from './saved-report.ts';
import { wireLine } from './wire-line.ts';

export function graphPicture(saved: SavedReport): Markup | null {
  if (!saved.document) return saved.report.stages.length > 0 ? unknownGraph : null;
  const { cards, wires } = picturedGraph(saved.document, saved);
  if (cards.length === 0) return null;
  const { left, top, width, height } = pictureFrame(cards);
  const label = `The graph: ${cards.length} nodes, ${wires.length} wires`;
  const inWords = wires.map(({ words }) => words).join('; ');
  return markup`<section><h2>The graph</h2>
<div class="picture"><svg role="img" aria-label="${label}" viewBox="${left} ${top} ${width} ${height}">
<desc>${inWords}</desc>
${wires.map(drawnWire)}${cards.map(drawnCard)}</svg></div></section>`;
}

const unknownGraph = markup`<section><h2>The graph</h2>
<p class="quiet">The graph as it was at the run was not at hand any more when this page was saved, so it is not pictured.</p></section>`;

const dashes: Readonly<Record<PicturedWire['look'], string | null>> = {
  plain: null,
  text: '5 5',
  answer: '0.1 5',
};

function drawnWire({ from, to, giver, taker, hue, look }: PicturedWire): Markup {
  const dash = dashes[look];
  const dashed = dash === null ? null : markup` stroke-dasharray="${dash}"`;
  return markup`<path class="wire" d="${wireLine(from, to, giver, taker)}" style="stroke:${hue}"${dashed}/>\n`;
}

function drawnCard(card: PicturedCard): Markup {
  const { x, y, height, title, summary, hue, medianMs, share, inputs, outputs } = card;
  const row = (place: number): number => card.portsTop + cardPx.port * (place + 0.5) + 4;
  const right = cardPx.width - cardPx.padding;
  // A frame of its own cuts off what is wider than the card.
  return markup`<svg x="${x}" y="${y}" width="${cardPx.width}" height="${height}">
<title>${title}</title>
<rect class="card" x="0.5" y="0.5" width="${cardPx.width - 1}" height="${height - 1}" rx="9" style="stroke:${hue}"/>
<rect x="${cardPx.padding}" y="13" width="9" height="9" rx="2" style="fill:${hue}"/>
<text class="title" x="${cardPx.padding + 15}" y="22">${cut(title, 24)}</text>
${summary === '' ? null : markup`<text class="small" x="${cardPx.padding}" y="${cardPx.head + 12}">${cut(summary, 31)}</text>`}
${inputs.map((port, place) => markup`<text class="small" x="${cardPx.padding}" y="${row(place)}">${cut(port.title, 15)}</text>`)}
${outputs.map((port, place) => markup`<text class="small" x="${right}" y="${row(place)}" text-anchor="end">${cut(port.title, 15)}</text>`)}
${medianMs === null ? null : timeOf(height, medianMs, share, hue)}</svg>\n`;
}

/** What the node takes of a pass, in words and as a bar. */
function timeOf(height: number, medianMs: number, share: number, hue: string): Markup {
  const room = cardPx.width - 2 * cardPx.padding;
  const long = Number((room * Math.min(1, share)).toFixed(2));
  return markup`<text class="small" x="${cardPx.padding}" y="${height - 14}">${formatMilliseconds(medianMs)}</text>
<rect class="track" x="${cardPx.padding}" y="${height - 9}" width="${room}" height="3"/>
<rect x="${cardPx.padding}" y="${height - 9}" width="${long}" height="3" style="fill:${hue}"/>`;
}

/** So many signs fit a line of a card. */
function cut(text: string, signs: number): string {
  const all = Array.from(text);
  return all.length <= signs ? text : `${all.slice(0, signs - 1).join('')}…`;
}
