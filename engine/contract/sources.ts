/** Where pictures, clips and weights come from, as a graph names it. */
import { z } from 'zod';
import { sizedText } from './sized.ts';

/** Longer paths do not open on common systems. */
const pathSchema = sizedText(1, 4096);

const seedSchema = z.int().min(0).max(0xffff_ffff);

const noneSchema = z.strictObject({ kind: z.literal('none') });

export const imageSourceSchema = z.discriminatedUnion('kind', [
  noneSchema,
  z.strictObject({ kind: z.literal('file'), path: pathSchema }),
  /** A picture that comes with Patchbay. */
  z.strictObject({ kind: z.literal('sample'), name: z.string().regex(/^[a-z0-9-]{1,64}$/) }),
  /** A scene drawn by the Shapes generator. */
  z.strictObject({ kind: z.literal('scene'), seed: seedSchema }),
]);

export type ImageSource = Readonly<z.infer<typeof imageSourceSchema>>;

/** What lies at the path says how it is read: a folder of pictures, an animated GIF or WebP, or a video file. */
const clipPathSchema = z.strictObject({ kind: z.literal('clip'), path: pathSchema });

/** A scene of the Shapes generator, its shapes in motion. */
const movingSceneSchema = z.strictObject({
  kind: z.literal('moving-scene'),
  seed: seedSchema,
});

export const clipSourceSchema = z.discriminatedUnion('kind', [
  noneSchema,
  clipPathSchema,
  movingSceneSchema,
]);

export type ClipSource = Readonly<z.infer<typeof clipSourceSchema>>;

/** Whatever can be shown as one picture; of a clip its first frame. */
export const shownSourceSchema = z.discriminatedUnion('kind', [
  ...imageSourceSchema.options,
  clipPathSchema,
  movingSceneSchema,
]);

export type ShownSource = Readonly<z.infer<typeof shownSourceSchema>>;

export const weightsChoiceSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('random'), seed: seedSchema }),
  /** A folder in the Hugging Face layout; `builtin:NAME` is a checkpoint that comes with Patchbay. */
  z.strictObject({ kind: z.literal('checkpoint'), folder: pathSchema }),
]);
export type WeightsChoice = Readonly<z.infer<typeof weightsChoiceSchema>>;
