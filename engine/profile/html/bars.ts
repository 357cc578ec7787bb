/** Bars as drawings within the page; the figures beside them say the same. Pure. */
import { markup, type Markup } from './markup.ts';

export interface Bar {
  /** As shares of the whole width, 0 to 1. */
  readonly start: number;
  readonly width: number;
  /** A colour of the page's style. */
  readonly hue: string;
  readonly look?: 'solid' | 'hatched' | 'rest';
}

export function barsOf(bars: readonly Bar[]): Markup {
  return markup`<svg aria-hidden="true" focusable="false"><rect class="track" width="100%" height="1" y="11"/>${bars.map(barOf)}</svg>`;
}

function barOf({ start, width, hue, look = 'solid' }: Bar): Markup | null {
  if (width <= 0) return null;
  const place = markup`x="${percent(start)}" y="1" width="${percent(width)}" height="9"`;
  const bar = markup`<rect ${place} style="fill:${hue}"${look === 'rest' ? markup` class="rest"` : null}/>`;
  return look === 'hatched' ? markup`${bar}<rect ${place} class="hatched"/>` : bar;
}

const percent = (share: number): string => `${Number((share * 100).toFixed(3))}%`;

/** Slanted lines, by which a bar is told from a solid one without colour; once a page. */
export const hatchPattern = markup`<svg width="0" height="0" style="position:absolute" aria-hidden="true" focusable="false"><defs><pattern id="hatch" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line x1="1" y1="0" x2="1" y2="4" style="stroke:var(--panel)" stroke-width="1.6"/></pattern></defs></svg>`;
