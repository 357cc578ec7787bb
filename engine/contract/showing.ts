/**
 * What a node did to what it was given: parts of pictures as the model sees them, with a mark on every patch, or how
 * many tokens each expert was sent.
 */
import { z } from 'zod';
import type { DeepReadonly } from './document.ts';

/** How much of it travels with a run: the rest is counted, not shown. */
export const showingLimits = {
  views: 24,
  /** Of all views of one showing together; one alone is shown at about 320 × 320. */
  pixels: 102_400,
} as const;

/** What the marks of patches mean. */
export const patchMarkKinds = ['kept-patches', 'merged-patches', 'attended-patches'] as const;

export const keptMarks = { gone: 0, kept: 1, singledOut: 2 } as const;

/** Of attended patches, the mark of the one that is looked at most; one that is hardly looked at has 0. */
export const mostAttended = 255;

const gridSchema = z.object({ rows: z.int(), columns: z.int() });

const shownViewSchema = z.object({
  /** Which picture or clip it is of, counted from 0. */
  item: z.int(),
  role: z.enum(['whole', 'tile', 'slice', 'frame']),
  /** Its place among the tiles of its item; frames lie in one column. */
  row: z.int(),
  column: z.int(),
  /** Size of the view itself, in pixels. */
  width: z.int(),
  height: z.int(),
  /** A picture of it, smaller where it has to be. */
  dataUrl: z.string(),
  /**
   * One a patch, row by row; null where there are none. Of kept patches, whether each is gone, kept or singled out
   * among the kept; of merged ones, a number that patches have in common where they are one token; of attended ones, how
   * much each is looked at beside the one that is looked at most.
   */
  marks: z.object({ grid: gridSchema, ofPatches: z.array(z.int()) }).nullable(),
});

export const showingSchema = z.object({
  /** The node that shows it, and the row of the report that ran: another node's where a part is plugged in. */
  node: z.string(),
  title: z.string(),
  stage: z.string(),
  kind: z.enum([...patchMarkKinds, 'views', 'expert-load']),
  /** "32 merged into each"; null where there is no more to be said. */
  also: z.string().nullable(),
  /** What patches that are singled out are called: "outliers". */
  singledOut: z.string().nullable(),
  /** Of the picture or clip, which may be more than are shown. */
  viewCount: z.int(),
  views: z.array(shownViewSchema),
  /** By layer, how many tokens of the prompt each expert was sent; only of experts. */
  loads: z.array(z.object({ layer: z.int(), ofExperts: z.array(z.int()) })).optional(),
});

export type ShownView = DeepReadonly<z.infer<typeof shownViewSchema>>;
export type ExpertLoads = NonNullable<Showing['loads']>;
export type PatchMarks = NonNullable<ShownView['marks']>;
export type Showing = DeepReadonly<z.infer<typeof showingSchema>>;
export type PatchMarkKind = (typeof patchMarkKinds)[number];
