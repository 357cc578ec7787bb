/** A stage of a RegNet: bottlenecks that look at neighbours channel by channel, with squeeze and excitation. */
import { roundHalfToEven } from '../../round-half-to-even.ts';
import type { GraphBuilder } from '../graph-builder.ts';
import { add } from '../operators.ts';
import type { Value } from '../value.ts';
import type { TableGrid } from '../weight.ts';
import { depthwiseConvolution, samePadding } from './convolution.ts';
import { mapToTokens, tokensToMap } from './feature-map.ts';
import { activate } from './feed-forward.ts';
import { linear } from './linear.ts';
import { norm, type Norm } from './norm.ts';
import { squeezeExcitation } from './squeeze-excitation.ts';

export interface RegStageShape {
  /** Channels in. */
  readonly inputs: number;
  /** Channels out, and inside the bottlenecks. */
  readonly outputs: number;
  /** Bottlenecks, one behind the other. */
  readonly depth: number;
}

const channelNorm: Norm = { kind: 'layer', epsilon: 1e-5 };

/**
 * Tokens of a grid, [B, N, inputs] → [B, N, outputs]; bottleneck K has its weights under `name.bK`. Of timm's
 * RegStage (regnet.py) the kind that Honeybee (2312.06742) takes: stride 1, groups of one channel, LayerNorm over the
 * channels of each place, SiLU.
 */
export function regStage(
  g: GraphBuilder,
  tokens: Value,
  grid: TableGrid,
  name: string,
  { inputs, outputs, depth }: RegStageShape,
): Value {
  let x = tokens;
  for (let index = 1; index <= depth; index++) {
    const widths = { inputs: index === 1 ? inputs : outputs, outputs };
    x = g.scope(`b${index}`, () => bottleneck(g, x, grid, `${name}.b${index}`, widths));
  }
  return x;
}

interface Widths {
  readonly inputs: number;
  readonly outputs: number;
}

/** Its convolutions of one place are matrices over tokens, so that they may be quantised as others are. */
function bottleneck(
  g: GraphBuilder,
  x: Value,
  grid: TableGrid,
  name: string,
  { inputs, outputs }: Widths,
): Value {
  const matrix = (of: Value, part: string, from: number) =>
    g.scope(part, () => {
      const shape = { inputs: from, outputs, bias: false };
      const mixed = linear(g, of, `${name}.${part}.conv`, shape);
      return norm(g, mixed, `${name}.${part}.bn`, channelNorm);
    });
  const wide = silu(g, matrix(x, 'conv1', inputs)); // [B, N, outputs]
  const seen = g.scope('conv2', () => {
    const around = { kernel: 3, padding: samePadding(3), bias: false };
    const map = depthwiseConvolution(g, tokensToMap(g, wide, grid), `${name}.conv2.conv`, around);
    return silu(g, norm(g, mapToTokens(g, map), `${name}.conv2.bn`, channelNorm));
  });
  const names = { down: `${name}.se.fc1`, up: `${name}.se.fc2` };
  const weighted = squeezeExcitation(g, tokensToMap(g, seen, grid), names, {
    // It follows the channels that came in, not those that are squeezed.
    squeezedSize: Math.max(1, roundHalfToEven(inputs / 4)),
    activation: 'silu',
    gate: 'sigmoid',
  });
  const branch = matrix(mapToTokens(g, weighted), 'conv3', outputs);
  return silu(g, add(g, branch, inputs === outputs ? x : matrix(x, 'downsample', inputs)));
}

const silu = (g: GraphBuilder, x: Value): Value => activate(g, x, 'silu');
