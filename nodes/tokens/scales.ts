/** The scales at which S² looks at a picture: tiles along one side, the whole being one of them. */
import { z } from 'zod';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import type { ConfigFiles } from '#engine/contract/config-files.ts';
import { configFile, foreign, readFigures, unsupported } from '../config/published-config.ts';
import { readCounts } from './count-list.ts';

/** More tiles a side than any published model has. */
const maxScale = 12;

/** Spread into the parameters of the node that cuts a picture and of the one that joins what was seen of it. */
export const scalesParam = {
  scales: {
    kind: 'text',
    label: 'Scales',
    help: 'Tiles along each side at each scale, in the order in which they come; Bunny has 1, 2 and 3, Monkey 2 and then 1.',
    default: '1, 2, 3',
    maxCharacters: 100,
    lines: 1,
  },
} as const;

/** "1, 2, 3". Fails with `param-invalid`. */
export function readScales(text: string): Outcome<readonly number[]> {
  const scales = readCounts(text);
  if (scales?.every((scale) => scale <= maxScale)) return ok(scales);
  const message = `"${text}" is no list of scales; write tiles a side, such as 1, 2, 3, of at most ${maxScale}.`;
  return fail(error('param-invalid', message, { param: 'scales' }));
}

/** Of all scales together. */
export const tilesOfScales = (scales: readonly number[]): number =>
  scales.reduce((sum, side) => sum + side ** 2, 0);

const schema = z.object({
  use_s2: z.boolean().optional(),
  s2: z.boolean().optional(),
  s2_scales: z.string().default('384,768,1152'),
  s2_max_split_size: z.int().optional(),
});

export interface PublishedScales {
  readonly scales: string;
  /** Side of a tile. */
  readonly size: number;
}

/** What Bunny (`use_s2`) and VILA (`s2`) say in pixels. Source: BAAI-DCAI/Bunny, siglip_encoder.py. */
export function scalesFromConfig(files: ConfigFiles): Outcome<PublishedScales> {
  const file = configFile(files, 'config.json');
  if (!file.ok) return file;
  const config = readFigures(schema, file.value, 'config.json');
  if (!config.ok) return config;
  const { use_s2, s2, s2_scales, s2_max_split_size } = config.value;
  if (use_s2 !== true && s2 !== true)
    return foreign('config.json describes a model that looks at one scale only.');
  const sides = readCounts(s2_scales)?.toSorted((a, b) => a - b) ?? [];
  const size = s2_max_split_size ?? sides[0] ?? 1;
  const scales = sides.map((side) => side / size).join(', ');
  if (!readScales(scales).ok) return unsupported(`Looking at the sizes "${s2_scales}"`);
  return ok({ scales, size });
}
