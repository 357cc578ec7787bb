/** Where a decoder's projections lie in the tensors that some families put several of them into. */
import type { RowCut } from '#engine/onnx/weight.ts';
import type { DecoderArchitecture } from '../architecture/decoder-architecture.ts';

type Sizes = Pick<
  DecoderArchitecture,
  'hiddenSize' | 'headCount' | 'keyValueHeadCount' | 'headSize' | 'feedForwardSize'
>;

const projectionOf = (name: string): string | undefined =>
  /\.self_attn\.([qkv])_proj\./.exec(name)?.[1];

/** All queries, then all keys, then all values. */
export function fusedCut(
  name: string,
  { headCount, keyValueHeadCount, headSize }: Sizes,
): RowCut | null {
  const [queries, keys] = [headCount * headSize, keyValueHeadCount * headSize];
  const starts: Readonly<Record<string, number>> = { q: 0, k: queries, v: queries + keys };
  const start = starts[projectionOf(name) ?? ''];
  return start === undefined ? null : { start, of: queries + 2 * keys };
}

/** The gate, then what it lets through. */
export function gatesCut(name: string, { feedForwardSize }: Sizes): RowCut | null {
  const part = /\.mlp\.(gate|up)_proj\./.exec(name)?.[1];
  if (part === undefined) return null;
  return { start: part === 'gate' ? 0 : feedForwardSize, of: 2 * feedForwardSize };
}

/** By group of heads that share a key and a value: its queries, then that key and that value. */
export function groupsCut(
  name: string,
  { headCount, keyValueHeadCount, headSize }: Sizes,
): RowCut | null {
  const queries = (headCount / keyValueHeadCount) * headSize;
  const starts: Readonly<Record<string, number>> = { q: 0, k: queries, v: queries + headSize };
  const start = starts[projectionOf(name) ?? ''];
  if (start === undefined) return null;
  return { start, of: keyValueHeadCount * (queries + 2 * headSize), blocks: keyValueHeadCount };
}

/** As `fusedCut`, in matrices that are stored [in, out]; so are all others. */
export function turnedCut(name: string, sizes: Sizes): RowCut | null {
  const cut = fusedCut(name, sizes);
  if (!name.endsWith('.weight')) return cut;
  if (cut) return { ...cut, turned: true };
  if (name.includes('.mlp.up_proj.')) return { start: 0, of: sizes.feedForwardSize, turned: true };
  if (/\.(self_attn\.o_proj|mlp\.down_proj)\./.test(name))
    return { start: 0, of: sizes.hiddenSize, turned: true };
  return null;
}
