/** The parameters that every node with weights has. */
import type { MatrixFormat } from '../onnx/graph-builder.ts';
import type { ParamValues } from './param.ts';

export const weightParams = {
  weights: {
    kind: 'weights',
    label: 'Weights',
    help: 'Seeded random numbers at the true size, or a checkpoint folder in the Hugging Face layout.',
    default: { kind: 'random', seed: 0 },
    group: 'weights',
  },
  precision: {
    kind: 'choice',
    label: 'Precision',
    help:
      'Number format of the matrices; norms and biases stay float32. int8 and int4 save memory and make a language model ' +
      'write faster, but encoders, projectors and the reading of a prompt hardly. w8a8 makes those faster, and rounds what ' +
      'the matrices multiply too.',
    default: 'float32',
    options: [
      { value: 'float32', label: 'float32', about: '4 bytes a weight.' },
      {
        value: 'int8',
        label: 'int8',
        about:
          'Weight-only, one scale a block: about 1.1 bytes a weight. The least error; saves memory, and time where a ' +
          'language model writes.',
      },
      {
        value: 'int4',
        label: 'int4',
        about:
          'Weight-only, one scale a block: about 0.6 bytes a weight. The most error; the fastest where a language model ' +
          'writes, and the smallest.',
      },
      {
        value: 'w8a8',
        label: 'w8a8',
        about:
          'Weights by output channel and activations by token in 8 bits: about 1 byte a weight. The fastest in encoders, ' +
          'projectors and prefill, on processors that multiply 8 bits (x86 with VNNI). A little more error than int8; much ' +
          'more where a channel of the activations is far larger than the others.',
      },
    ],
    group: 'weights',
  },
  blockSize: {
    kind: 'choice',
    label: 'Block size',
    help: 'Weights of a row that share one scale: small blocks are more exact, large ones faster.',
    default: '32',
    options: [
      { value: '32', label: '32' },
      { value: '64', label: '64' },
      { value: '128', label: '128' },
    ],
    shownWhen: { param: 'precision', is: ['int8', 'int4'] },
    group: 'weights',
  },
} as const;

export type WeightParams = ParamValues<typeof weightParams>;

/** How the matrices of a node are stored and multiplied. */
export function matrixFormat({
  precision,
  blockSize,
}: Pick<WeightParams, 'precision' | 'blockSize'>): MatrixFormat {
  switch (precision) {
    case 'float32':
      return { blocks: null };
    case 'int8':
      return { blocks: { bits: 8, blockSize: Number(blockSize) } };
    case 'int4':
      return { blocks: { bits: 4, blockSize: Number(blockSize) } };
    case 'w8a8':
      return { blocks: { bits: 8, blockSize: 32 }, roundsTokens: true };
  }
}
