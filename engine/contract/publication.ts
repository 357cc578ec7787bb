/** What a composition was published as: its place in the field, its paper, its weights, and what is reported of it. */
import { z } from 'zod';
import { sizedList, sizedText } from './sized.ts';

/** As the field's survey (arXiv 2405.10739) tells its models apart, in the order in which they are shown. */
export const presetGroups = {
  trained: 'Trained here',
  compact: 'Compact models',
  experts: 'Mixtures of experts',
  'state-space': 'State spaces',
  compression: 'Fewer visual tokens',
  acceleration: 'Faster decoding',
  video: 'Video',
  document: 'Documents',
  biomedical: 'Biomedical',
} as const;
export type PresetGroup = keyof typeof presetGroups;

const line = sizedText(1, 300);
/** As published, to the figures that are published: "1.7B", "256M". */
const parameterCount = z
  .string()
  .max(20)
  .regex(/^\d+(\.\d+)?[KMBT]?$/, 'must be a count such as 1.7B');

const weightsSchema = z.looseObject({
  /** As the publisher's page is called. */
  name: line,
  licence: line,
  /** Which files hold what, as a node's weights folder expects them. */
  layout: line,
});

const reportedSchema = z.looseObject({
  parameters: parameterCount.optional(),
  /** Those that a token goes through, where experts are chosen. */
  activeParameters: parameterCount.optional(),
  /** Visual tokens of one picture, or of one clip, that reach the language model. */
  visualTokens: z.int().min(0).max(1e9).optional(),
  /** What is counted: everything where left out. */
  counts: z.enum(['language-model']).optional(),
  /** Where these figures stand. */
  source: line,
});

export const publicationSchema = z.looseObject({
  /** One of `presetGroups`; a later version may know others. */
  group: sizedText(1, 100),
  /** An arXiv identifier. */
  paper: z
    .string()
    .max(10)
    .regex(/^\d{4}\.\d{4,5}$/, 'must be an arXiv identifier, such as 2405.10739')
    .optional(),
  /** The authors' code: a repository of GitHub. */
  code: z
    .string()
    .max(140)
    .regex(/^[\w-]+\/[\w.-]+$/, 'must be a repository of GitHub, such as haotian-liu/LLaVA')
    .optional(),
  weights: sizedList(weightsSchema, 0, 10).optional(),
  reported: reportedSchema.optional(),
});
