/** Which decoder: a published one or a custom architecture, for every node that is one. */
import type { JsonObject } from '#engine/contract/config-files.ts';
import { error, type Problem } from '#engine/contract/problem.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { positionParts, rotarySections, rotaryShape, turns } from './architecture/positions.ts';
import {
  architectureParams,
  type DecoderArchitecture,
} from './architecture/decoder-architecture.ts';
import {
  publishedDecoderOptions,
  publishedDecoders,
  type PublishedDecoder,
} from './published-decoders.ts';

export const decoderModelParams = {
  model: {
    kind: 'choice',
    label: 'Model',
    help: 'A published language model, or a custom architecture.',
    default: 'tinyllama-1.1b',
    options: [...publishedDecoderOptions, { value: 'custom', label: 'Custom' } as const],
    standsFor: (value: string) =>
      Object.hasOwn(publishedDecoders, value) ? publishedDecoders[value as PublishedDecoder] : {},
  },
  ...architectureParams,
} as const;

export type DecoderModelParams = ParamValues<typeof decoderModelParams>;

export function decoderArchitecture(values: DecoderModelParams): DecoderArchitecture {
  return values.model === 'custom' ? values : publishedDecoders[values.model];
}

/** Why no graph can be built of an architecture; null where one can. */
export function architectureProblem(architecture: DecoderArchitecture): Problem | null {
  const { headCount, keyValueHeadCount, rotaryFraction, headSize } = architecture;
  if (headCount % keyValueHeadCount !== 0) {
    const message = `${headCount} heads do not divide into ${keyValueHeadCount} groups; choose key/value heads that divide the heads.`;
    return error('arrangement-unsupported', message, { param: 'keyValueHeadCount' });
  }
  const latent = architecture.attention === 'latent' ? latentProblem(architecture) : null;
  if (latent) return latent;
  if (turns(architecture) && rotaryShape(architecture).size < 2) {
    const message = `A rotary fraction of ${rotaryFraction} leaves nothing of a head of ${headSize} to rotate; choose a larger fraction.`;
    return error('arrangement-unsupported', message, { param: 'rotaryFraction' });
  }
  return (
    sectionsProblem(architecture) ?? prefixProblem(architecture) ?? longropeProblem(architecture)
  );
}

function sectionsProblem(architecture: DecoderArchitecture): Problem | null {
  const [time, row, column] = rotarySections(architecture);
  if (positionParts(architecture) === 1 || column > 0) return null;
  const message = `Of ${time + row + column} pairs that turn, ${time} by time and ${row} by rows leave none for columns; choose fewer of them.`;
  return error('arrangement-unsupported', message, { param: 'rowPairs' });
}

function latentProblem({
  headSize,
  rotaryHeadSize,
  positions,
  attentionWindow,
}: DecoderArchitecture): Problem | null {
  if (attentionWindow !== null) {
    const message = `Latent attention sees all tokens before, not just a window of ${attentionWindow}; clear the window, or choose grouped attention.`;
    return error('arrangement-unsupported', message, { param: 'attentionWindow' });
  }
  if (positions === 'alibi') {
    const message =
      'Linear biases tell the keys of each head how far they are, and latent attention keeps no such keys; choose other positions.';
    return error('arrangement-unsupported', message, { param: 'positions' });
  }
  if (rotaryHeadSize % 2 === 0 && rotaryHeadSize < headSize) return null;
  const message = `Of a head of ${headSize}, ${rotaryHeadSize} channels cannot be turned with some left as they are; choose an even rotated head size below the head size.`;
  return error('arrangement-unsupported', message, { param: 'rotaryHeadSize' });
}

/** Why the tokens of a prompt cannot all see each other; null where they can, or need not. */
function prefixProblem({
  promptAttention,
  attentionWindow,
  attentionSoftCap,
  positions,
}: DecoderArchitecture): Problem | null {
  if (promptAttention !== 'prefix') return null;
  if (attentionWindow !== null) {
    const message = `Where tokens of the prompt see all of it, none of them sees just a window of ${attentionWindow}; clear the window, or let them see what comes before them.`;
    return error('arrangement-unsupported', message, { param: 'attentionWindow' });
  }
  if (attentionSoftCap > 0) {
    const message = `Where tokens of the prompt see all of it, scores are not bent to stay below ${attentionSoftCap}; set the attention soft cap to 0, or let them see what comes before them.`;
    return error('arrangement-unsupported', message, { param: 'attentionSoftCap' });
  }
  if (positions === 'alibi') {
    const message =
      'Where tokens of the prompt see all of it, no biases tell how far they are from each other; choose other positions, or let them see what comes before them.';
    return error('arrangement-unsupported', message, { param: 'positions' });
  }
  return null;
}

function longropeProblem(architecture: DecoderArchitecture): Problem | null {
  if (!turns(architecture) || architecture.rotaryScaling !== 'longrope') return null;
  if (architecture.attentionWindow !== null && !architecture.windowRotaryScaling) {
    const message =
      'longrope counts positions alike in all layers, so that it scales those whose attention slides, too; turn the rotary scaling in windows on, or clear the window.';
    return error('arrangement-unsupported', message, { param: 'windowRotaryScaling' });
  }
  const { size, shortFactors, longFactors } = rotaryShape(architecture);
  for (const [param, factors] of [
    ['rotaryShortFactors', shortFactors],
    ['rotaryLongFactors', longFactors],
  ] as const) {
    if (factors.length === size / 2 && factors.every((factor) => factor > 0 && factor < Infinity))
      continue;
    const message = `Longrope needs ${size / 2} numbers above 0, one a pair of rotated channels, and there are ${factors.length}; give as many, separated by spaces.`;
    return error('param-invalid', message, { param });
  }
  return null;
}

/** "TinyLlama 1.1B", or what a custom one is. */
export function decoderSummary({ model, layerCount, hiddenSize }: DecoderModelParams): string {
  return (
    publishedDecoderOptions.find(({ value }) => value === model)?.label ??
    `custom · ${layerCount} layers × ${hiddenSize}`
  );
}

/** Params of version 1 said which family's names checkpoints use; all are tried now. */
export const decoderMigrations = {
  1: ({ keyNames: _names, parallelBlock, ...params }: JsonObject): JsonObject => ({
    ...params,
    ...(typeof parallelBlock === 'boolean' && { block: parallelBlock ? 'parallel' : 'sequential' }),
  }),
} as const;
