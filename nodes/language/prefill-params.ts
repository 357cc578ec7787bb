/** In which precision a language model reads prompts, as its form asks. */
import { matrixFormat } from '#engine/node/weight-params.ts';
import type { ParamValues } from '#engine/node/param.ts';
import type { MatrixFormat } from '#engine/onnx/graph-builder.ts';

export const prefillParams = {
  prefillPrecision: {
    kind: 'choice',
    label: 'Prefill',
    help:
      'Reading a prompt is bound by arithmetic, writing an answer by reading the weights: a copy of the matrices in w8a8 reads ' +
      'faster, while the answer is written by the smaller ones.',
    default: 'same',
    options: [
      { value: 'same', label: 'As decode', about: 'One copy of the weights does both.' },
      {
        value: 'w8a8',
        label: 'w8a8',
        about: 'A second copy, about 1 byte a weight, multiplies in 8 bits on both sides.',
      },
    ],
    shownWhen: { param: 'precision', is: ['float32', 'int8', 'int4'] },
    group: 'weights',
  },
} as const;

export type PrefillPrecision = ParamValues<typeof prefillParams>['prefillPrecision'];

export const prefillFormat = (precision: Exclude<PrefillPrecision, 'same'>): MatrixFormat =>
  // Tables that are read by row are as they are everywhere in this precision.
  matrixFormat({ precision, blockSize: '32' });
