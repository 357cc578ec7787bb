/** Every family of decoder-only language models, by the `model_type` of its configurations. */
import { deepseekV2 } from './deepseek-v2.ts';
import type { DecoderFamily } from './family.ts';
import { gemma } from './gemma.ts';
import { llama } from './llama.ts';
import { minicpm } from './minicpm.ts';
import { minicpm3 } from './minicpm3.ts';
import { mistral } from './mistral.ts';
import { mixtral } from './mixtral.ts';
import { phi } from './phi.ts';
import { qwen2 } from './qwen2.ts';
import { qwen2Vl } from './qwen2-vl.ts';
import { stablelm } from './stablelm.ts';

export const decoderFamilies: Readonly<Record<string, DecoderFamily>> = {
  llama,
  mistral,
  mixtral,
  qwen2,
  qwen2_vl: qwen2Vl,
  qwen2_vl_text: qwen2Vl,
  qwen2_5_vl: qwen2Vl,
  qwen2_5_vl_text: qwen2Vl,
  gemma,
  phi,
  stablelm,
  minicpm,
  minicpm3,
  deepseek_v2: deepseekV2,
};
