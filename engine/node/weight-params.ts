/** The parameters that every node with weights has. */
import type { BlockFormat } from '../onnx/weight.ts';
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
    help: 'Number format of the matrices. Activations, norms and biases stay float32.',
    default: 'float32',
    options: [
      { value: 'float32', label: 'float32', about: '4 bytes a weight.' },
      {
        value: 'int8',
        label: 'int8',
        about: 'Weight-only, one scale a block: about 1.1 bytes a weight.',
      },
      {
        value: 'int4',
        label: 'int4',
        about: 'Weight-only, one scale a block: about 0.6 bytes a weight.',
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

/** The block format of a node's matrices, null for float32. */
export function blockFormat(
  params: Pick<WeightParams, 'precision' | 'blockSize'>,
): BlockFormat | null {
  if (params.precision === 'float32') return null;
  return { bits: params.precision === 'int4' ? 4 : 8, blockSize: Number(params.blockSize) };
}
