/** The presets whose stages are profiled: all that fit this machine with time to spare, of as many kinds as there are. */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import type { GraphDocument } from '#engine/contract/document.ts';
import { applyOverrides } from '#engine/plan/apply-overrides.ts';
import { readPreset } from '#host/presets.ts';
import { catalogue } from '#nodes/index.ts';

export interface MeasuredRow {
  readonly preset: string;
  /** Only what leads to this node: language models of billions of parameters are alike, and take minutes each. */
  readonly until?: string;
}

/** As many kinds of parts as a few minutes allow. */
export const fewPresets: readonly MeasuredRow[] = [
  { preset: 'shapes-llava' },
  { preset: 'smolvlm-256m' },
  { preset: 'nanollava' },
  { preset: 'fastvlm-0.5b' },
  { preset: 'mobilevlm-1.7b' },
];

export const allPresets: readonly MeasuredRow[] = [
  ...fewPresets,
  { preset: 'shapes-llava-spd' },
  { preset: 'smolvlm-500m' },
  { preset: 'internvl2-1b' },
  { preset: 'moondream2' },
  { preset: 'tinyllava-1.5b' },
  { preset: 'tinyllava-2.0b' },
  { preset: 'deepseek-vl-1.3b' },
  { preset: 'mobilevlm-v2-1.7b' },
  { preset: 'mplug-video-1.3b' },
  { preset: 'bunny-2b' },
  { preset: 'xmodel-vlm' },
  { preset: 'vary-toy' },
  { preset: 'llava-gemma-2b' },
  { preset: 'paligemma-3b' },
  { preset: 'vl-mamba' },
  { preset: 'moe-llava-qwen' },
  { preset: 'qwen2-vl-2b', until: 'encoder' },
  { preset: 'sphinx-tiny', until: 'projector' },
  { preset: 'mini-gemini-2b', until: 'projector' },
  { preset: 'convllava-7b', until: 'projector' },
  { preset: 'vitamin-llava-7b', until: 'projector' },
  { preset: 'hrvda-7b', until: 'projector' },
  { preset: 'minicpm-v', until: 'projector' },
  { preset: 'llava-1.5-7b-tokenpacker', until: 'projector' },
  { preset: 'llava-1.5-7b-prumerge', until: 'projector' },
];

/** Every step but the first behind the prompt is alike, so that few tell of many. */
export const newTokens = 17;

/** The preset as it is measured and estimated. */
export async function measuredDocument(preset: string): Promise<Outcome<GraphDocument>> {
  const document = await readPreset(preset);
  if (!document.ok) return document;
  const limited = applyOverrides(document.value, { maxNewTokens: newTokens }, catalogue);
  return limited.ok ? ok(limited.value) : fail(...limited.problems);
}
