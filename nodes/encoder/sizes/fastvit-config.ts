/** A FastViT as a published config.json describes it: timm's own, or that of a FastVLM. */
import { z } from 'zod';
import type { ConfigFiles } from '#engine/contract/config-files.ts';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import { configFile, readFigures, unsupported } from '../../config/published-config.ts';
import type { Branches } from '../layers/fastvit-branches.ts';
import { timmModel, type TimmModel } from './timm-config.ts';

/** What timm calls the published sizes. */
const architectures = {
  fastvit_t8: 't8',
  fastvit_t12: 't12',
  fastvit_s12: 's12',
  fastvit_sa12: 'sa12',
  fastvit_sa24: 'sa24',
  fastvit_sa36: 'sa36',
  fastvit_ma36: 'ma36',
  fastvit_mci0: 'mci0',
  fastvit_mci1: 'mci1',
  fastvit_mci2: 'mci2',
  fastvit_mci3: 'hd',
  fastvit_mci4: 'mci4',
} as const;

export type FastVitName = (typeof architectures)[keyof typeof architectures];

const schema = z.object({
  embed_dims: z.array(z.int()).optional(),
  layers: z.array(z.int()).optional(),
  mlp_ratios: z.array(z.number()).optional(),
  inference_mode: z.boolean().default(false),
});

export interface FoundFastVit {
  readonly model: FastVitName;
  readonly branches: Branches;
  /** Figures in place of the published size's own. */
  readonly widths: readonly number[] | undefined;
  readonly depths: readonly number[] | undefined;
  readonly expansion: number | undefined;
}

export function fastVitFromConfig(files: ConfigFiles): Outcome<FoundFastVit> {
  const file = configFile(files, 'config.json');
  if (!file.ok) return file;
  const tower = file.value['mm_vision_tower'];
  // Apple's own FastVLM names its tower by the file of its figures.
  if (typeof tower === 'string' && tower.includes('mobileclip_l')) return ok(asPublished('hd'));
  const found = timmModel(files, 'FastViT', architectures);
  return found.ok ? readArguments(found.value) : found;
}

const asPublished = (model: FastVitName): FoundFastVit => ({
  model,
  branches: 'fused',
  widths: undefined,
  depths: undefined,
  expansion: undefined,
});

function readArguments({ model, given }: TimmModel<FastVitName>): Outcome<FoundFastVit> {
  const read = readFigures(schema, given, 'config.json');
  if (!read.ok) return read;
  const foreignArgument = Object.keys(given).find((name) => !Object.hasOwn(schema.shape, name));
  if (foreignArgument !== undefined)
    return unsupported(`A FastViT with "${foreignArgument}" of its own`);
  const {
    embed_dims: widths,
    layers: depths,
    mlp_ratios: ratios,
    inference_mode: fused,
  } = read.value;
  const [expansion] = ratios ?? [];
  if (ratios?.some((ratio) => ratio !== expansion) === true)
    return unsupported('A FastViT whose stages expand by different ratios');
  return ok({ model, branches: fused ? 'fused' : 'trained', widths, depths, expansion });
}
