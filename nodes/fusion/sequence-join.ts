/** Several encoders that look at one picture: their tokens one behind the other. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { estimatedCount, knownCount, type WireOf } from '#engine/node/wire.ts';
import { concatenate } from '#engine/onnx/shape-operators.ts';
import { otherPictures } from '../tokens/other-pictures.ts';

/** Tokens of all encoders, where the picture decides how many there are. */
const joinedTokens = 'joined';

export const sequenceJoin = defineNode({
  type: 'fusion/sequence-join',
  version: 1,
  family: 'fusion',
  title: 'Join by sequence',
  about:
    'Lays the tokens of several encoders one behind the other, so that a resampler or the language model looks through all of ' +
    'them. Unlike joining by channel the encoders need no common grid, and may keep or drop what they like; they need ' +
    'the same width, which a linear projector behind each gives them. The tokens add up, and so does what reading them costs.',
  references: [
    {
      title: 'BRAVE: Broadening the visual encoding of vision-language models',
      url: 'https://arxiv.org/abs/2404.07204',
    },
    {
      title: 'Eagle: Exploring The Design Space for Multimodal LLMs with Mixture of Encoders',
      url: 'https://arxiv.org/abs/2408.15998',
    },
  ],
  params: {},
  inputs: { tokens: { kind: 'tokens', title: 'Visual tokens', several: true } },
  outputs: { tokens: { kind: 'tokens', title: 'Joined tokens' } },
  demand: ({ demands }) => ({ tokens: { channels: demands.tokens?.channels } }),
  infer({ inputs: { tokens } }) {
    const [first] = tokens as readonly [WireOf<'tokens'>];
    for (const [index, wire] of tokens.entries()) {
      const other = otherPictures(first, wire, index + 1);
      if (other) return fail(other);
      if (wire.channels !== first.channels) {
        const message = `Wire ${index + 1} brings ${wire.channels} channels, wire 1 brings ${first.channels}, and tokens of one sequence have the same; put a linear projector behind one of them.`;
        return fail(error('dimension-mismatch', message, { port: 'tokens' }));
      }
    }
    if (tokens.length === 1) return ok({ outputs: { tokens: first } });
    const sum = (pick: (count: WireOf<'tokens'>['count']) => number) =>
      tokens.reduce((total, { count }) => total + pick(count), 0);
    const all = sum((count) => count.tokens);
    const isKnown = tokens.every(({ count }) => count.known);
    const count = isKnown
      ? knownCount(all)
      : estimatedCount(
          all,
          sum(({ most }) => most),
        );
    return ok({ outputs: { tokens: { ...first, count, prefixTokens: 0, grid: null } } });
  },
  summary: () => 'one behind the other',
  body: {
    kind: 'onnx',
    dims: ({ outputs }) => ({ [joinedTokens]: outputs.tokens.count.tokens }),
    emit(g, inputs, { inputs: wires, outputs }) {
      const parts = wires.tokens.flatMap((_, index) => inputs[`tokens.${index}`] ?? []);
      const { known, tokens } = outputs.tokens.count;
      return { tokens: concatenate(g, parts, 1, known ? tokens : joinedTokens) }; // [views, ΣN, D]
    },
  },
});
