/** Every family of decoder-only language models, by the `model_type` of its configurations. */
import type { DecoderFamily } from './family.ts';
import { gemma } from './gemma.ts';
import { gemma2 } from './gemma2.ts';
import { gemma3 } from './gemma3.ts';
import { llama } from './llama.ts';
import { mistral } from './mistral.ts';
import { mixtral } from './mixtral.ts';
import { phi } from './phi.ts';
import { qwen2 } from './qwen2.ts';
import { stablelm } from './stablelm.ts';

export const decoderFamilies: Readonly<Record<string, DecoderFamily>> = {
  llama,
  mistral,
  mixtral,
  qwen2,
  gemma,
  gemma2,
  gemma3_text: gemma3,
  phi,
  stablelm,
};
