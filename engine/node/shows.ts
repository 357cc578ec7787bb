/** What of a node's work can be shown, as its definition declares it: every entry is a picture, or bars, of its own. */
import type { PatchMarkKind } from '../contract/showing.ts';

export type Shows<Values> =
  | {
      readonly kind: PatchMarkKind;
      /**
       * An inner value [B, P] int64 of the graph, one number a patch, of each view; what they mean is said in
       * engine/contract/showing.ts. It costs nothing where it is a later tap, as it is built only for a run that shows it.
       * Of parts of which one graph may hold several, named by the part's id.
       */
      readonly tap: string | ((node: string) => string);
      /** What patches that are singled out among the kept are called: "outliers". */
      readonly singledOut?: string;
      /** What else is to be said, after the counts: "32 merged into each". */
      also?(params: Values): string | null;
    }
  /** How many tokens of the prompt each expert of each layer was sent; taps are named by `expertLoadTap`. */
  | { readonly kind: 'expert-load' }
  /** The views that an output port gives: tiles, slices, frames. */
  | { readonly kind: 'views'; readonly port: string };

const loadPrefix = 'expert-load.';
const keptVisualPrefix = 'kept-visual.';
const visualAttentionPrefix = 'visual-attention.';

/** The inner value [E] int64 of a language model's graph that a part calls so, one a layer. */
export const expertLoadTap = (node: string, layer: number): string =>
  `${loadPrefix}${node}.${layer}`;

/**
 * Of a part that prunes visual tokens by the attention they get, places [kept] int64 of those that stay, among the ones
 * that had stayed before it.
 */
export const keptVisualTap = (node: string): string => keptVisualPrefix + node;

/** That attention, [visual] float32. */
export const visualAttentionTap = (node: string): string => visualAttentionPrefix + node;

/** What a language model's graph tells of every prompt, as it is little and there anyway. */
export const isToldOfPrompt = (tap: string): boolean =>
  [loadPrefix, keptVisualPrefix, visualAttentionPrefix].some((prefix) => tap.startsWith(prefix));

export const isExpertLoad = (tap: string): boolean => tap.startsWith(loadPrefix);

/** The layer of a tap that is the node's; null of any other. */
export function layerOfLoad(tap: string, node: string): number | null {
  const start = `${loadPrefix}${node}.`;
  const layer = tap.startsWith(start) ? tap.slice(start.length) : '';
  return /^\d+$/.test(layer) ? Number(layer) : null;
}
