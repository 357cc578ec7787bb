/** Shapes of wires in as few signs as a card or a wire has room for. Pure. */
import {
  countText,
  framesOf,
  framesText,
  tokensInAll,
  viewsText,
  type WireType,
} from '#engine/node/wire.ts';

/** "576 × 1024", "≈ 40 × 1024", "3 × 336 × 336"; null where a kind has no shape or none is known yet. */
export function shapeText(wire: WireType): string | null {
  switch (wire.kind) {
    case 'image': {
      const frames = framesOf(wire);
      if (frames !== null) return framesText(frames);
      return wire.width === null ? null : `${wire.width} × ${wire.height}`;
    }
    case 'pixels':
      return `${viewsText(wire.views, ' × ')}3 × ${wire.height} × ${wire.width}`;
    case 'tokens':
      return `${viewsText(wire.views, ' × ')}${countText(wire.count)} × ${wire.channels}`;
    case 'token-ids':
      return countText(wire.count);
    case 'text-embeddings':
      return `${countText(wire.count)} × ${wire.channels}`;
    case 'query-key':
      return `2 × ${wire.count} × ${wire.channels}`;
    case 'text':
    case 'answer':
    case 'feed-forward':
    case 'acceleration':
    case 'encoder-part':
    case 'weight-change':
      return null;
  }
}

/** What a wire too short for its shape says: "576", "3×336²". */
export function shortShapeText(wire: WireType): string | null {
  switch (wire.kind) {
    case 'pixels':
      return wire.height === wire.width ? `3×${wire.height}²` : `3×${wire.height}×${wire.width}`;
    case 'tokens':
      return countText(tokensInAll(wire));
    case 'text-embeddings':
      return countText(wire.count);
    case 'query-key':
      return `2×${wire.count}`;
    case 'image':
      return framesOf(wire)?.toString() ?? shapeText(wire);
    case 'token-ids':
    case 'text':
    case 'answer':
    case 'feed-forward':
    case 'acceleration':
    case 'encoder-part':
    case 'weight-change':
      return shapeText(wire);
  }
}

/** Stroke in pixels: grows with the logarithm of the tokens, so that 4096 is not twice as wide as 576. */
export function wireWidthPx(wire: WireType | null): number {
  if (wire?.kind !== 'tokens' && wire?.kind !== 'query-key') return 1.75;
  const tokens = wire.kind === 'tokens' ? tokensInAll(wire).tokens : wire.count;
  return Math.min(5, 1.4 + 0.6 * Math.log10(1 + tokens));
}
