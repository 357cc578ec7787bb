/** What a language model's keys and values are kept as, as its form asks and as it can be refused. */
import { error, type Problem } from '#engine/contract/problem.ts';
import type { CacheFormat } from '#engine/onnx/blocks/cache-format.ts';
import type { DecoderArchitecture } from './architecture/decoder-architecture.ts';

export const cacheParams = {
  cacheFormat: {
    kind: 'choice',
    label: 'KV cache',
    help: "Number format that keys and values lie in from token to token; a draft model's stay float32.",
    default: 'float32',
    options: [
      { value: 'float32', label: 'float32', about: 'As they are: 4 bytes a number.' },
      { value: 'float16', label: 'float16', about: 'Half precision: 2 bytes a number.' },
      {
        value: 'int8',
        label: 'int8',
        about: 'One scale for each head of each token: 1 byte a number, and 4 for the scale.',
      },
    ],
  },
} as const;

/** Why an architecture cannot keep its keys and values so; null where it can. */
export function cacheProblem(
  format: CacheFormat,
  { positions }: Pick<DecoderArchitecture, 'positions'>,
): Problem | null {
  if (format === 'float32' || positions !== 'alibi') return null;
  const message = `Linear biases keep the place of a token beside its key, which ${format} would round; choose a KV cache of float32, or other positions.`;
  return error('arrangement-unsupported', message, { param: 'cacheFormat' });
}
