/** Several encoders that look at one picture: their tokens of each place, side by side. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { error, type Problem } from '#engine/contract/problem.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { Grid, WireOf } from '#engine/node/wire.ts';
import { concatenate } from '#engine/onnx/shape-operators.ts';
import { otherPictures } from '../tokens/other-pictures.ts';

export const channelJoin = defineNode({
  type: 'fusion/channel-join',
  version: 1,
  family: 'fusion',
  title: 'Join by channel',
  about:
    'Puts what several encoders know of the same patch into one wide token: one learned from captions and knows words, ' +
    'another learned from pictures alone and knows shapes and places. The number of tokens stays what it is, so the ' +
    'language model pays nothing for the second look. The order of the wires is the order of the channels.',
  references: [
    {
      title:
        'Prismatic VLMs: Investigating the Design Space of Visually-Conditioned Language Models',
      url: 'https://arxiv.org/abs/2402.07865',
    },
    {
      title: 'Cobra: Extending Mamba to Multi-Modal Large Language Model for Efficient Inference',
      url: 'https://arxiv.org/abs/2403.14520',
    },
  ],
  params: {},
  inputs: { tokens: { kind: 'tokens', title: 'Visual tokens', several: true } },
  outputs: { tokens: { kind: 'tokens', title: 'Joined tokens' } },
  infer({ inputs }) {
    const [first, ...others] = inputs.tokens as readonly [WireOf<'tokens'>, ...WireOf<'tokens'>[]];
    for (const [index, wire] of inputs.tokens.entries()) {
      const problem = joinProblem(first, wire, index + 1);
      if (problem) return fail(problem);
    }
    const channels = others.reduce((sum, wire) => sum + wire.channels, first.channels);
    return ok({ outputs: { tokens: { ...first, channels } } });
  },
  summary: () => 'channel by channel',
  body: {
    kind: 'onnx',
    emit(g, inputs, { inputs: wires, outputs }) {
      const parts = wires.tokens.flatMap((_, index) => inputs[`tokens.${index}`] ?? []);
      return { tokens: concatenate(g, parts, 2, outputs.tokens.channels) }; // [views, N, ΣD]
    },
  },
});

/** Why the tokens of the wire at a place, counted from 1, cannot stand beside those of the first. */
function joinProblem(
  first: WireOf<'tokens'>,
  wire: WireOf<'tokens'>,
  place: number,
): Problem | null {
  const at = { port: 'tokens' };
  if (!wire.count.known) {
    const message = `How many tokens wire ${place} brings is decided by the picture, and channels join token by token; join the encoders before anything that selects tokens.`;
    return error('arrangement-unsupported', message, at);
  }
  const other = otherPictures(first, wire, place);
  if (other) return other;
  const isSame =
    wire.count.tokens === first.count.tokens &&
    wire.prefixTokens === first.prefixTokens &&
    wire.grid?.rows === first.grid?.rows &&
    wire.grid?.columns === first.grid?.columns;
  if (isSame) return null;
  const message = `Wire ${place} brings ${describe(wire)}, wire 1 brings ${describe(first)}, and channels join token by token; choose picture sizes and tokens so that all encoders give the same grid.`;
  return error('dimension-mismatch', message, at);
}

/** "730 tokens (1 before a 27 × 27 grid)" */
function describe({ count, prefixTokens, grid }: WireOf<'tokens'>): string {
  const before = prefixTokens > 0 ? `${prefixTokens} before ` : '';
  return `${count.tokens} tokens (${before}${gridText(grid)})`;
}

const gridText = (grid: Grid | null): string =>
  grid ? `a ${grid.rows} × ${grid.columns} grid` : 'no grid';
