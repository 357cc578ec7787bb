/** What of a node's work can be shown over the picture, as its definition declares it. */
import type { PatchMarkKind } from '../contract/showing.ts';

export type Shows<Values> =
  | {
      readonly kind: PatchMarkKind;
      /**
       * An inner value [B, P] int64 of the graph, one number a patch, of each view; what they mean is said in
       * engine/contract/showing.ts. It costs nothing where it is a later tap, as it is built only for a run that shows it.
       */
      readonly tap: string;
      /** What patches that are singled out among the kept are called: "outliers". */
      readonly singledOut?: string;
      /** What else is to be said, after the counts: "32 merged into each". */
      also?(params: Values): string | null;
    }
  /** The views that an output port gives: tiles, slices, frames. */
  | { readonly kind: 'views'; readonly port: string };
