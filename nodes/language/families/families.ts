/** Every family of decoder-only language models, by the `model_type` of its configurations. */
import type { DecoderFamily } from './family.ts';
import { gemma } from './gemma.ts';
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
  phi,
  stablelm,
};
