/** Qwen2-VL's patch merger: a norm, square groups of neighbours side by side, and two linears. Source: 2409.12191. */
import type { GraphBuilder } from '../graph-builder.ts';
import { gelu } from '../operators.ts';
import type { Value } from '../value.ts';
import type { TableGrid } from '../weight.ts';
import { foldGroups } from './fold-groups.ts';
import { linear } from './linear.ts';
import { norm, type Norm } from './norm.ts';

export interface MergerShape {
  /** Channels of a patch. */
  readonly inputs: number;
  /** Channels of a merged token. */
  readonly outputs: number;
  /** Patches along one side of a group; it divides the grid. */
  readonly factor: number;
  readonly norm: Norm;
}

/** `names.norm`, `.up` and `.down` name the weights. [B, rows · columns, inputs] → [B, rows · columns / factor², outputs] */
export function mergePatches(
  g: GraphBuilder,
  patches: Value,
  names: { readonly norm: string; readonly up: string; readonly down: string },
  grid: TableGrid,
  { inputs, outputs, factor, norm: kind }: MergerShape,
): Value {
  const wide = inputs * factor ** 2;
  const groups = foldGroups(g, norm(g, patches, names.norm, kind), grid, factor); // [B, groups, wide]
  const hidden = linear(g, groups, names.up, { inputs: wide, outputs: wide, bias: true });
  return linear(g, gelu(g, hidden, 'none'), names.down, { inputs: wide, outputs, bias: true });
}
