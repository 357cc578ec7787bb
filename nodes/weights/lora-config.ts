/** The adapter_config.json of a published adapter, in the PEFT layout. */
import { z } from 'zod';
import type { ConfigFiles } from '#engine/contract/config-files.ts';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { TakenConfig } from '#engine/node/taken-config.ts';
import { configFile, foreign, readFigures, unsupported } from '../config/published-config.ts';

const schema = z.object({
  peft_type: z.string(),
  r: z.int().min(1),
  lora_alpha: z.number(),
  target_modules: z.union([z.string(), z.array(z.string())]),
  use_rslora: z.boolean().default(false),
  use_dora: z.boolean().default(false),
  bias: z.string().default('none'),
  rank_pattern: z.record(z.string(), z.number()).default({}),
  alpha_pattern: z.record(z.string(), z.number()).default({}),
});

export function loraFromConfig(files: ConfigFiles): Outcome<TakenConfig> {
  const file = configFile(files, 'adapter_config.json');
  if (!file.ok) return file;
  const config = readFigures(schema, file.value, 'adapter_config.json');
  if (!config.ok) return config;
  const { peft_type: type, r: rank, lora_alpha: alpha, target_modules: targets } = config.value;
  if (type !== 'LORA')
    return foreign(`adapter_config.json describes no LoRA but "${type}"; choose another folder.`);
  if (config.value.use_dora) return unsupported('An adapter that scales directions (DoRA)');
  if (config.value.bias !== 'none') return unsupported('An adapter that changes biases');
  const patterns = [config.value.rank_pattern, config.value.alpha_pattern];
  if (patterns.some((pattern) => Object.keys(pattern).length > 0))
    return unsupported('An adapter whose rank or alpha differs between modules');
  if (typeof targets === 'string' && targets !== 'all-linear')
    return unsupported('Naming the modules of an adapter by a pattern');
  const modules = typeof targets === 'string' ? targets : targets.toSorted().join(', ');
  const scaling = config.value.use_rslora ? 'root' : 'rank';
  return ok({
    params: { rank, alpha, scaling, modules },
    took: ['LoRA', `r ${rank}`, `alpha ${alpha}`, modules],
    file: 'adapter_config.json',
  });
}
