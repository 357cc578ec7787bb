/** How every language model is asked and how it answers: the template of the prompt, and the choice of tokens. */
import type { LanguageModelStep } from '#engine/node/host-step.ts';
import type { ParamValues } from '#engine/node/param.ts';
import type { WeightParams } from '#engine/node/weight-params.ts';
import { pictureLayout, pictureLayoutParam } from './picture-layouts.ts';

const whenSampling = { param: 'strategy', is: ['sample'] } as const;

export const answerParams = {
  template: {
    kind: 'text',
    label: 'Prompt template',
    help: "<image> marks the visual tokens, once for all pictures or once for each, {prompt} the question. Left empty, the checkpoint's own chat template is used.",
    default: 'USER: <image>\n{prompt} ASSISTANT:',
    maxCharacters: 20_000,
    lines: 3,
  },
  pictureLayout: pictureLayoutParam,
  maxNewTokens: {
    kind: 'integer',
    label: 'New tokens',
    help: 'The answer ends after so many tokens at the latest.',
    default: 64,
    min: 1,
    max: 65_536,
    group: 'sampling',
  },
  stopAtEndOfText: {
    kind: 'flag',
    label: 'Stop at end of text',
    help: 'The answer ends where the model says so.',
    default: true,
    group: 'sampling',
  },
  strategy: {
    kind: 'choice',
    label: 'Sampling',
    help: 'How the next token is chosen.',
    default: 'greedy',
    options: [
      { value: 'greedy', label: 'Greedy', about: 'Always the most probable token.' },
      { value: 'sample', label: 'Sample', about: 'Drawn at random by probability.' },
    ],
    group: 'sampling',
  },
  temperature: {
    kind: 'number',
    label: 'Temperature',
    help: 'Below 1 sharpens the distribution, above 1 flattens it.',
    default: 0.7,
    min: 0.01,
    max: 10,
    shownWhen: whenSampling,
    group: 'sampling',
  },
  topK: {
    kind: 'integer',
    label: 'Top k',
    help: 'Only the k most probable tokens are drawn from; 0 means all.',
    default: 0,
    min: 0,
    max: 1_000_000,
    shownWhen: whenSampling,
    group: 'sampling',
  },
  topP: {
    kind: 'number',
    label: 'Top p',
    help: 'Only the most probable tokens that together reach p are drawn from.',
    default: 1,
    min: 0.01,
    max: 1,
    shownWhen: whenSampling,
    group: 'sampling',
  },
  seed: {
    kind: 'integer',
    label: 'Sampling seed',
    help: 'The same seed draws the same answer.',
    default: 0,
    min: 0,
    max: 0xffff_ffff,
    shownWhen: whenSampling,
    group: 'sampling',
  },
} as const;

/** What the host reads of them; tokenizer and chat template lie beside the weights. */
export function answering(
  values: ParamValues<typeof answerParams> & Pick<WeightParams, 'weights'>,
): Pick<LanguageModelStep, 'template' | 'pictureLayout' | 'text' | 'sampling'> {
  return {
    template: values.template.trim() === '' ? null : values.template,
    pictureLayout: pictureLayout(values.pictureLayout),
    text: values.weights,
    sampling: values,
  };
}
