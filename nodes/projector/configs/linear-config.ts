/** The one-matrix projectors of published models, by the `model_type` of their config.json. */
import { z } from 'zod';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { ConfigFiles } from '#engine/contract/config-files.ts';
import type { TakenConfig } from '#engine/node/taken-config.ts';
import { configFile, foreign, modelTypeOf, readFigures } from '../../config/published-config.ts';
import { describeWidths } from '../../tokens/widths.ts';

const configSchema = z.object({
  vision_config: z
    .object({ hidden_size: z.int().optional(), projection_dim: z.int().optional() })
    .optional(),
  text_config: z.object({ hidden_size: z.int().optional() }).optional(),
  projection_dim: z.int().optional(),
  scale_factor: z.int().optional(),
  mm_projector_type: z.string().optional(),
  mm_hidden_size: z.int().optional(),
  hidden_size: z.int().optional(),
});
type Config = z.infer<typeof configSchema>;

interface Figures {
  readonly inputWidth: number | null;
  readonly outputWidth: number | null;
  readonly bias: boolean;
}

interface LinearFamily {
  readonly title: string;
  readonly figures: (config: Config) => Figures;
}

/** Behind a pixel shuffle, without a bias. */
const idefics3: LinearFamily = {
  title: 'Idefics3',
  figures: ({ vision_config: vision, text_config: text, scale_factor = 2 }) => ({
    inputWidth: vision?.hidden_size === undefined ? null : vision.hidden_size * scale_factor ** 2,
    outputWidth: text?.hidden_size ?? null,
    bias: false,
  }),
};

const families: Readonly<Record<string, LinearFamily>> = {
  idefics3,
  smolvlm: { ...idefics3, title: 'SmolVLM' },
  paligemma: {
    title: 'PaliGemma',
    figures: ({ vision_config: vision, projection_dim }) => ({
      inputWidth: vision?.hidden_size ?? null,
      outputWidth: vision?.projection_dim ?? projection_dim ?? null,
      bias: true,
    }),
  },
};

/** The authors' own first LLaVA. */
const original: LinearFamily = {
  title: 'LLaVA',
  figures: ({ mm_hidden_size, hidden_size }) => ({
    inputWidth: mm_hidden_size ?? null,
    outputWidth: hidden_size ?? null,
    bias: true,
  }),
};

export function linearFromConfig(files: ConfigFiles): Outcome<TakenConfig> {
  const file = configFile(files, 'config.json');
  if (!file.ok) return file;
  const config = readFigures(configSchema, file.value, 'config.json');
  if (!config.ok) return config;
  const type = modelTypeOf(file.value);
  const named = Object.hasOwn(families, type) ? families[type] : undefined;
  const family = config.value.mm_projector_type === 'linear' ? original : named;
  if (!family) {
    const own = config.value.mm_projector_type ?? type;
    return foreign(`config.json describes no projector of one matrix; what it has is "${own}".`);
  }
  const figures = family.figures(config.value);
  return ok({
    params: { ...figures },
    took: [`${family.title}'s projector`, describeWidths(figures)],
    file: 'config.json',
  });
}
