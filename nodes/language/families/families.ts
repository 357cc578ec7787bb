/** Every family of decoder-only language models, by the `model_type` of its configurations. */
import { deepseekV2 } from './deepseek-v2.ts';
import type { DecoderFamily } from './family.ts';
import { bloom } from './bloom.ts';
import { falcon } from './falcon.ts';
import { gemma } from './gemma.ts';
import { gemma2 } from './gemma2.ts';
import { gemma3 } from './gemma3.ts';
import { gptNeox } from './gpt-neox.ts';
import { gpt2 } from './gpt2.ts';
import { granite } from './granite.ts';
import { graniteMoe } from './granitemoe.ts';
import { llama } from './llama.ts';
import { minicpm } from './minicpm.ts';
import { minicpm3 } from './minicpm3.ts';
import { mistral } from './mistral.ts';
import { mixtral } from './mixtral.ts';
import { olmo } from './olmo.ts';
import { olmo2 } from './olmo2.ts';
import { olmoe } from './olmoe.ts';
import { opt } from './opt.ts';
import { phi } from './phi.ts';
import { phi3 } from './phi3.ts';
import { phiMoe } from './phimoe.ts';
import { qwen } from './qwen.ts';
import { qwen2Moe } from './qwen2-moe.ts';
import { qwen2 } from './qwen2.ts';
import { qwen2Vl } from './qwen2-vl.ts';
import { qwen3Moe } from './qwen3-moe.ts';
import { qwen3 } from './qwen3.ts';
import { smollm3 } from './smollm3.ts';
import { stablelm } from './stablelm.ts';

export const decoderFamilies: Readonly<Record<string, DecoderFamily>> = {
  llama,
  mistral,
  mixtral,
  qwen,
  qwen2,
  qwen3,
  qwen2_vl: qwen2Vl,
  qwen2_vl_text: qwen2Vl,
  qwen2_5_vl: qwen2Vl,
  qwen2_5_vl_text: qwen2Vl,
  gemma,
  gemma2,
  gemma3_text: gemma3,
  phi,
  phi3,
  stablelm,
  smollm3,
  olmo,
  olmo2,
  granite,
  opt,
  gpt2,
  gpt_neox: gptNeox,
  bloom,
  falcon,
  minicpm,
  minicpm3,
  deepseek_v2: deepseekV2,
  qwen2_moe: qwen2Moe,
  qwen3_moe: qwen3Moe,
  olmoe,
  granitemoe: graniteMoe,
  phimoe: phiMoe,
};
