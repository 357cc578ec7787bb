/** Normalisation over channels, alone or fused with the residual addition before it. */
import { float, type GraphBuilder } from '../graph-builder.ts';
import { fixedDim, type Value } from '../value.ts';
import type { WeightExpression } from '../weight.ts';

/**
 * `layer`: LayerNorm with weight and bias; `layer-no-bias`: with weight only; `rms`: RMSNorm;
 * `layer-plain`: without either (OLMo); `rms-one-plus`: RMSNorm that multiplies by 1 + weight (Gemma).
 */
export type NormKind = 'layer' | 'layer-no-bias' | 'layer-plain' | 'rms' | 'rms-one-plus';

export interface Norm {
  readonly kind: NormKind;
  readonly epsilon: number;
}

interface NormWeights {
  readonly weight: Value;
  readonly bias: Value | null;
}

function normWeights(g: GraphBuilder, name: string, channels: number, kind: NormKind): NormWeights {
  if (kind === 'layer-plain') {
    const ones = Array.from({ length: channels }, () => 1);
    return { weight: g.constant('float32', [channels], ones), bias: null };
  }
  const stored = g.tensor(`${name}.weight`, [channels], 'norm');
  const weight: WeightExpression =
    kind === 'rms-one-plus' ? { kind: 'offset', of: stored, by: 1 } : stored;
  const bias = kind === 'layer' ? g.weight(g.tensor(`${name}.bias`, [channels], 'bias')) : null;
  return { weight: g.weight(weight), bias };
}

const isRms = (kind: NormKind): boolean => kind === 'rms' || kind === 'rms-one-plus';

/** x [.., D] normalised over D. */
export function norm(g: GraphBuilder, x: Value, name: string, { kind, epsilon }: Norm): Value {
  const { weight, bias } = normWeights(g, name, fixedDim(x, -1), kind);
  return normWith(g, x, weight, bias, { kind, epsilon });
}

/** As `norm`, with weights that the caller has put together. */
export function normWith(
  g: GraphBuilder,
  x: Value,
  weight: Value,
  bias: Value | null,
  { kind, epsilon }: Norm,
): Value {
  const op = isRms(kind) ? 'SimplifiedLayerNormalization' : 'LayerNormalization';
  return g.op(op, bias ? [x, weight, bias] : [x, weight], x, {
    attributes: { axis: { int: -1 }, epsilon: float(epsilon) },
  });
}

/** As `norm`, where nothing is learned. */
export function normWithoutWeight(g: GraphBuilder, x: Value, { kind, epsilon }: Norm): Value {
  const channels = fixedDim(x, -1);
  // Written out when the graph is loaded: the operator wants a weight, however many channels there are.
  const ones = g.op('Expand', [g.scalar('float32', 1), g.list(channels)], {
    type: 'float32',
    shape: [channels],
  });
  return normWith(g, x, ones, null, { kind, epsilon });
}

/** The residual sum x + branch and its norm, in one fused operator. Both [1, T, D]. */
export function addAndNorm(
  g: GraphBuilder,
  x: Value,
  branch: Value,
  name: string,
  kind: Norm,
): { sum: Value; normed: Value } {
  const outputs = skipNorm(g, x, branch, name, kind, [x, null, null, x]);
  return { normed: outputs[0] as Value, sum: outputs[3] as Value };
}

/** The norm of x + branch, where nothing reads the sum itself (post-norm blocks). Both [B, T, D]. */
export function normOfSum(
  g: GraphBuilder,
  x: Value,
  branch: Value,
  name: string,
  kind: Norm,
): Value {
  return skipNorm(g, x, branch, name, kind, [x])[0] as Value;
}

/** Outputs: the norm, then the mean and the inverse deviation, which only training reads, then the sum. */
function skipNorm(
  g: GraphBuilder,
  x: Value,
  branch: Value,
  name: string,
  { kind, epsilon }: Norm,
  outputs: readonly (Value | null)[],
): readonly (Value | null)[] {
  const { weight, bias } = normWeights(g, name, fixedDim(x, -1), kind);
  const op = isRms(kind) ? 'SkipSimplifiedLayerNormalization' : 'SkipLayerNormalization';
  const inputs = bias ? [x, branch, weight, bias] : [x, branch, weight];
  const attributes = { epsilon: float(epsilon) };
  return g.ops(op, inputs, outputs, { domain: 'com.microsoft', attributes });
}
