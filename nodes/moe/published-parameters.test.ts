/** Published mixtures, a language model with its experts, have as many parameters as is published of them. */
import { expect, it } from 'vitest';
import { estimateGraph } from '#engine/estimate/estimate.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { catalogue } from '../index.ts';
import type { PublishedExperts } from './published-experts.ts';

function countedParameters(model: PublishedExperts): number {
  const document = sketchDocument(
    {
      prompt: ['input/prompt', { text: 'a prompt' }],
      language: ['language/decoder', { model, maxNewTokens: 1 }],
      experts: ['moe/feed-forward', { model }],
      answer: ['output/answer'],
    },
    [
      'prompt.text > language.prompt',
      'experts.part > language.feedForward',
      'language.answer > answer.answer',
    ],
  );
  return valueOf(estimateGraph(checkGraph(document, catalogue))).totals.parameters;
}

/** As the pages of the published checkpoints count their safetensors files. */
it.each<[PublishedExperts, number]>([
  ['mixtral-8x7b', 46_702_792_704],
  ['qwen1.5-moe-a2.7b', 14_315_784_192],
  ['olmoe-1b-7b', 6_919_161_856],
  ['deepseek-v2-lite', 15_706_484_224],
])('%s has %i', (model, published) => {
  expect(Math.abs(countedParameters(model) / published - 1)).toBeLessThan(1e-6);
});
