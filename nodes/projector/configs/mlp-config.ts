/** The MLP projectors of published models, by the `model_type` of their config.json. */
import { z } from 'zod';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { ConfigFiles } from '#engine/contract/config-files.ts';
import type { TakenConfig } from '#engine/node/taken-config.ts';
import {
  activationFromConfig,
  configFile,
  foreign,
  modelTypeOf,
  readFigures,
  unsupported,
} from '../../config/published-config.ts';
import { describeWidths } from '../../tokens/widths.ts';

const configSchema = z.object({
  vision_config: z
    .object({
      hidden_size: z.int().optional(),
      hidden_act: z.string().optional(),
      depth: z.int().optional(),
      projection_dim: z.int().optional(),
    })
    .optional(),
  text_config: z.object({ hidden_size: z.int().optional() }).optional(),
  vision_feature_layer: z.union([z.int(), z.array(z.int())]).optional(),
  vision_feature_layers: z.array(z.int()).optional(),
  projector_hidden_act: z.string().optional(),
  multimodal_projector_bias: z.boolean().optional(),
  projector_bias: z.boolean().optional(),
  projector_hidden_size: z.int().optional(),
  projector_use_layernorm: z.boolean().optional(),
  downsample_ratio: z.number().optional(),
  downsample_factor: z.int().optional(),
  mm_projector_type: z.string().optional(),
  mm_hidden_size: z.int().optional(),
  hidden_size: z.int().optional(),
});
type Config = z.infer<typeof configSchema>;

interface Figures {
  readonly inputWidth: number | null;
  readonly outputWidth: number | null;
  readonly depth: number;
  readonly hiddenWidth: number | null;
  readonly activation: string;
  readonly inputNorm: boolean;
  readonly bias: boolean;
}

interface MlpFamily {
  readonly title: string;
  readonly figures: (config: Config) => Partial<Figures>;
}

const llava: MlpFamily = {
  title: 'LLaVA',
  figures: (config) => ({
    inputWidth: timesOrNull(visionWidth(config), layersTaken(config)),
    activation: config.projector_hidden_act ?? 'gelu',
    bias: config.multimodal_projector_bias ?? true,
  }),
};

const families: Readonly<Record<string, MlpFamily>> = {
  llava,
  llava_next: { ...llava, title: 'LLaVA-NeXT' },
  llava_next_video: { ...llava, title: 'LLaVA-NeXT-Video' },
  llava_onevision: { ...llava, title: 'LLaVA-OneVision' },
  video_llava: { ...llava, title: 'Video-LLaVA' },
  fast_vlm: { ...llava, title: 'FastVLM' },
  /** Several layers of the encoder side by side. */
  vipllava: {
    title: 'ViP-LLaVA',
    figures: (config) => ({
      inputWidth: timesOrNull(visionWidth(config), config.vision_feature_layers?.length ?? 5),
      activation: config.projector_hidden_act ?? 'gelu',
      inputNorm: true,
    }),
  },
  internvl: {
    title: 'InternVL',
    figures: (config) => ({
      inputWidth: timesOrNull(visionWidth(config), (1 / (config.downsample_ratio ?? 0.5)) ** 2),
      activation: config.projector_hidden_act ?? 'gelu',
      inputNorm: true,
    }),
  },
  lfm2_vl: {
    title: 'LFM2-VL',
    figures: (config) => ({
      inputWidth: timesOrNull(visionWidth(config), (config.downsample_factor ?? 2) ** 2),
      hiddenWidth: config.projector_hidden_size ?? 2560,
      activation: config.projector_hidden_act ?? 'gelu',
      inputNorm: config.projector_use_layernorm ?? true,
      bias: config.projector_bias ?? true,
    }),
  },
  janus: {
    title: 'Janus',
    figures: ({ vision_config: vision }) => ({
      inputWidth: vision?.hidden_size ?? 1024,
      outputWidth: vision?.projection_dim ?? 2048,
      depth: vision?.depth ?? 2,
      activation: vision?.hidden_act ?? 'gelu',
    }),
  },
  deepseek_vl: {
    title: 'DeepSeek-VL',
    figures: (config) => ({ inputWidth: visionWidth(config) }),
  },
};

/** The authors' own LLaVA names the shape of its projector: `mlp2x_gelu`. */
const original = /^mlp(\d)x_gelu$/;

export function mlpFromConfig(files: ConfigFiles): Outcome<TakenConfig> {
  const file = configFile(files, 'config.json');
  if (!file.ok) return file;
  const config = readFigures(configSchema, file.value, 'config.json');
  if (!config.ok) return config;
  const family = familyOf(modelTypeOf(file.value), config.value);
  if (!family.ok) return family;
  const { title, figures: own } = family.value;
  const figures: Figures = {
    inputWidth: null,
    outputWidth: config.value.text_config?.hidden_size ?? null,
    depth: 2,
    hiddenWidth: null,
    activation: 'gelu',
    inputNorm: false,
    bias: true,
    ...own(config.value),
  };
  const activation = activationFromConfig(figures.activation);
  if (activation === null) return unsupported(`The activation "${figures.activation}"`);
  return ok({
    params: { ...figures, activation },
    took: [`${title}'s projector`, `${figures.depth} layers`, describeWidths(figures)],
    file: 'config.json',
  });
}

function familyOf(type: string, { mm_projector_type: own }: Config): Outcome<MlpFamily> {
  const depth = own === undefined ? undefined : original.exec(own)?.[1];
  if (depth !== undefined)
    return ok({
      title: 'LLaVA',
      figures: ({ mm_hidden_size, hidden_size }) => ({
        inputWidth: mm_hidden_size ?? null,
        outputWidth: hidden_size ?? null,
        depth: Number(depth),
      }),
    });
  const family = Object.hasOwn(families, type) ? families[type] : undefined;
  if (family) return ok(family);
  const named = own === undefined ? `"${type}"` : `"${own}"`;
  return foreign(`config.json describes no MLP projector; what it has is that of ${named}.`);
}

const visionWidth = ({ vision_config: vision }: Config): number | null =>
  vision?.hidden_size ?? null;

function layersTaken({ vision_feature_layer: layer }: Config): number {
  return typeof layer === 'object' ? layer.length : 1;
}

const timesOrNull = (width: number | null, factor: number): number | null =>
  width === null ? null : width * factor;
