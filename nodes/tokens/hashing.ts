/** How tokens are hashed for LSH attention: the parameters of the nodes that do. */
import { error, type Problem } from '#engine/contract/problem.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { usualChunkSize } from '#engine/onnx/blocks/lsh-attention.ts';

export const hashingParams = {
  hashes: {
    kind: 'integer',
    label: 'Hashes',
    help: 'How often tokens are hashed, each time otherwise; more miss fewer pairs and cost more.',
    default: 4,
    min: 1,
    max: 16,
  },
  buckets: {
    kind: 'integer',
    label: 'Buckets',
    help: 'Into how many each hash puts the tokens: an even number, or 1 for no hashing.',
    default: 16,
    min: 1,
    max: 256,
  },
  chunkSize: {
    kind: 'optional-integer',
    label: 'Chunk',
    help: 'Neighbours that look at one another, and at as many before them.',
    default: null,
    min: 1,
    max: 65_536,
    whenEmpty: 'twice the mean bucket',
  },
  seed: {
    kind: 'integer',
    label: 'Seed',
    help: 'Draws the directions that tokens are hashed by.',
    default: 0,
    min: 0,
    max: 4_294_967_295,
  },
} as const;

type Hashing = ParamValues<typeof hashingParams>;

export function hashingProblem({ buckets }: Hashing): Problem | null {
  if (buckets === 1 || buckets % 2 === 0) return null;
  const message = `A hash picks one of some directions or its opposite, so ${buckets} buckets cannot be; choose an even number, or 1.`;
  return error('param-invalid', message, { param: 'buckets' });
}

export const chunkSizeOf = ({ chunkSize, buckets }: Hashing, tokens: number): number =>
  Math.min(chunkSize ?? usualChunkSize(tokens, buckets), tokens);

export const describeHashing = ({ hashes, buckets }: Hashing): string =>
  `${hashes} × ${buckets} buckets`;
