/** How every language model is asked and how it answers: the template of the prompt, and the choice of tokens. */
import type { LanguageModelStep } from '#engine/node/host-step.ts';
import type { ParamValues } from '#engine/node/param.ts';
import type { WeightParams } from '#engine/node/weight-params.ts';
import { biasLines, choiceLines, stopLines } from './answer-lines.ts';
import { pictureLayout, pictureLayoutParam } from './picture-layouts.ts';

const whenWriting = { param: 'strategy', is: ['greedy', 'sample'] } as const;
const whenSampling = { param: 'strategy', is: ['sample'] } as const;
const whenChoosing = { param: 'strategy', is: ['choices'] } as const;
const whenAdjusting = { param: 'adjustsLogits', is: [true] } as const;

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
  strategy: {
    kind: 'choice',
    label: 'Sampling',
    help: 'How the next token is chosen, or an answer among given ones.',
    default: 'greedy',
    options: [
      { value: 'greedy', label: 'Greedy', about: 'Always the most probable token.' },
      { value: 'sample', label: 'Sample', about: 'Drawn at random by probability.' },
      {
        value: 'choices',
        label: 'Choices',
        about: 'Nothing is written: of given answers the likeliest is chosen.',
      },
    ],
    group: 'sampling',
  },
  choices: {
    kind: 'text',
    label: 'Choices',
    help: 'Answers, one a line. Each is scored by the log-likelihood of its tokens behind the prompt.',
    default: '',
    maxCharacters: 20_000,
    lines: 4,
    shownWhen: whenChoosing,
    group: 'sampling',
  },
  choiceScore: {
    kind: 'choice',
    label: 'Ranked by',
    help: 'The sum is the likelihood of the whole answer, and so favours short ones; the mean of its tokens does not.',
    default: 'sum',
    options: [
      { value: 'sum', label: 'Sum', about: 'The log-likelihood of the whole answer.' },
      { value: 'mean', label: 'Mean', about: 'The log-likelihood of one token, on average.' },
    ],
    shownWhen: whenChoosing,
    group: 'sampling',
  },
  maxNewTokens: {
    kind: 'integer',
    label: 'New tokens',
    help: 'The answer ends after so many tokens at the latest.',
    default: 64,
    min: 1,
    max: 65_536,
    shownWhen: whenWriting,
    group: 'sampling',
  },
  stopAtEndOfText: {
    kind: 'flag',
    label: 'Stop at end of text',
    help: 'The answer ends where the model says so.',
    default: true,
    shownWhen: whenWriting,
    group: 'sampling',
  },
  stops: {
    kind: 'text',
    label: 'Stop strings',
    help: 'One a line; the answer ends before the first of them. \\n stands for a new line, \\t for a tab.',
    default: '',
    maxCharacters: 4_000,
    lines: 2,
    shownWhen: whenWriting,
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
  minP: {
    kind: 'number',
    label: 'Min p',
    help: 'Only tokens at least so probable, as a part of the most probable one, are drawn from; 0 means all.',
    default: 0,
    min: 0,
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
  answerCount: {
    kind: 'integer',
    label: 'Answers',
    help: 'So many answers are drawn, one after the other; the prompt is read once.',
    default: 1,
    min: 1,
    max: 64,
    shownWhen: whenWriting,
    group: 'sampling',
  },
  adjustsLogits: {
    kind: 'flag',
    label: 'Penalties and bias',
    help: 'Changes the logits of tokens that were there before, or that make up given texts.',
    default: false,
    shownWhen: whenWriting,
    group: 'sampling',
  },
  repetitionPenalty: {
    kind: 'number',
    label: 'Repetition penalty',
    help: 'Logits of tokens in prompt or answer are divided by it, negative ones multiplied; 1 changes nothing.',
    default: 1,
    min: 0.1,
    max: 5,
    shownWhen: whenAdjusting,
    group: 'sampling',
  },
  presencePenalty: {
    kind: 'number',
    label: 'Presence penalty',
    help: 'Taken off the logit of every token that is in the answer already; 0 changes nothing.',
    default: 0,
    min: -2,
    max: 2,
    shownWhen: whenAdjusting,
    group: 'sampling',
  },
  frequencyPenalty: {
    kind: 'number',
    label: 'Frequency penalty',
    help: 'Taken off the logit of a token for each time that the answer has it; 0 changes nothing.',
    default: 0,
    min: -2,
    max: 2,
    shownWhen: whenAdjusting,
    group: 'sampling',
  },
  logitBias: {
    kind: 'text',
    label: 'Logit bias',
    help: 'Lines of "text: bias", from -100 to 100, for each token of the text, with and without a space before it; -100 bans them.',
    default: '',
    maxCharacters: 4_000,
    lines: 2,
    shownWhen: whenAdjusting,
    group: 'sampling',
  },
} as const;

/** What the host reads of them; tokenizer and chat template lie beside the weights. */
export function answering(
  values: ParamValues<typeof answerParams> & Pick<WeightParams, 'weights'>,
): Pick<LanguageModelStep, 'template' | 'pictureLayout' | 'text' | 'sampling' | 'choices'> {
  const { strategy, stops, logitBias, choices, choiceScore } = values;
  const bias = biasLines(logitBias);
  const isChosen = strategy === 'choices';
  return {
    template: values.template.trim() === '' ? null : values.template,
    pictureLayout: pictureLayout(values.pictureLayout),
    text: values.weights,
    sampling: {
      ...values,
      strategy: isChosen ? 'greedy' : strategy,
      stops: stopLines(stops),
      bias: bias.ok ? bias.value : [],
    },
    choices: isChosen ? { answers: choiceLines(choices), ranksBy: choiceScore } : null,
  };
}
