/** The presets whose stages are profiled: all that fit this machine with time to spare, of as many kinds as there are. */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import type { GraphDocument } from '#engine/contract/document.ts';
import { applyOverrides } from '#engine/plan/apply-overrides.ts';
import { readPreset } from '#host/presets.ts';
import { catalogue } from '#nodes/index.ts';

/** As many kinds of parts as a few minutes allow. */
export const fewPresets = [
  'shapes-llava',
  'smolvlm-256m',
  'nanollava',
  'fastvlm-0.5b',
  'mobilevlm-1.7b',
] as const;

export const allPresets = [
  ...fewPresets,
  'smolvlm-500m',
  'internvl2-1b',
  'llava-onevision-0.5b',
  'moondream2',
  'tinyllava-1.5b',
  'tinyllava-2.0b',
  'deepseek-vl-1.3b',
  'vary-toy',
  'bunny-2b',
  'mobilevlm-v2-1.7b',
  'mobilevlm-v2-3b',
  'mplug-video-1.3b',
  'qwen2-vl-2b',
  'vl-mamba',
  'moe-llava-qwen',
  'paligemma-3b',
  'mini-gemini-2b',
] as const;

/** Every step but the first behind the prompt is alike, so that few tell of many. */
export const newTokens = 17;

/** The preset as it is measured and estimated. */
export async function measuredDocument(preset: string): Promise<Outcome<GraphDocument>> {
  const document = await readPreset(preset);
  if (!document.ok) return document;
  const limited = applyOverrides(document.value, { maxNewTokens: newTokens }, catalogue);
  return limited.ok ? ok(limited.value) : fail(...limited.problems);
}
