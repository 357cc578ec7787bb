/** Projectors that LLaVA's code and its descendants choose by the `mm_projector_type` of their config.json. */
import { z } from 'zod';
import type { ConfigFiles, JsonObject } from '#engine/contract/config-files.ts';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { TakenConfig } from '#engine/node/taken-config.ts';
import { configFile, foreign, modelTypeOf, readFigures } from '../../config/published-config.ts';
import { describeWidths } from '../../tokens/widths.ts';

const configSchema = z.object({
  mm_projector_type: z.string().optional(),
  mm_hidden_size: z.int().optional(),
  hidden_size: z.int().optional(),
});

export interface NamedProjector {
  readonly title: string;
  /** What `mm_projector_type` may be. */
  readonly named: RegExp;
  /** Parameters that the name itself tells. */
  readonly params?: (name: RegExpExecArray) => JsonObject;
}

export function fromProjectorName(
  files: ConfigFiles,
  { title, named, params }: NamedProjector,
): Outcome<TakenConfig> {
  const file = configFile(files, 'config.json');
  if (!file.ok) return file;
  const config = readFigures(configSchema, file.value, 'config.json');
  if (!config.ok) return config;
  const { mm_projector_type: type, mm_hidden_size, hidden_size } = config.value;
  const name = named.exec(type ?? '');
  if (!name) {
    const own = type ?? modelTypeOf(file.value);
    return foreign(`config.json describes no ${title} projector; what it has is "${own}".`);
  }
  const widths = { inputWidth: mm_hidden_size ?? null, outputWidth: hidden_size ?? null };
  return ok({
    params: { ...widths, ...params?.(name) },
    took: [`${title} projector`, describeWidths(widths)],
    file: 'config.json',
  });
}
