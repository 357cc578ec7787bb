/** Several layers of one tower side by side: which they are, what leaves, and what keeps them from being joined. */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import type { WireOf } from '#engine/node/wire.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { concatenate } from '#engine/onnx/shape-operators.ts';
import { fixedDim, type Value } from '#engine/onnx/value.ts';
import type { EncoderHost } from './encoder-parts.ts';
import type { TowerFeatures } from './tower-features.ts';

/** Spread into the parameters of an encoder that gives several layers too. */
export const levelsParam = {
  levels: {
    kind: 'text',
    label: 'Several layers',
    help: 'Layers that leave side by side by the second output, which costs nothing unwired: −1 is the last as the feature layer counts them, 6 the sixth from the first.',
    default: '-2, -5, -8, -11, 6',
    maxCharacters: 200,
    lines: 1,
  },
} as const;

/** Spread into its outputs. */
export const levelsOutput = {
  levels: { kind: 'tokens', title: 'Tokens of several layers', optional: true },
} as const;

export const writeLevels = (layers: readonly number[]): string => layers.join(', ');

/**
 * "-2, 6" → blocks before each of these layers' tokens: −1 stands for all of them, 0 for none. Fails with `param-invalid`
 * for what is no list, `arrangement-unsupported` for layers that there are not.
 */
function readLevels(
  text: string,
  { title, layerCount }: Pick<EncoderHost, 'title' | 'layerCount'>,
): Outcome<readonly number[]> {
  const counts: number[] = [];
  for (const word of text.split(/[,;]/).map((each) => each.trim().replace('−', '-'))) {
    if (!/^-?\d{1,3}$/.test(word)) {
      const message = `"${word}" is no layer; write whole numbers with commas between them, such as −2, −5, 6.`;
      return fail(error('param-invalid', message, { param: 'levels' }));
    }
    const layer = Number(word);
    const count = layer < 0 ? layerCount + layer + 1 : layer;
    if (count < 0 || count > layerCount) {
      const message = `${title} has ${layerCount} layers, and ${word} is none of them; list layers from −${layerCount + 1} to −1, or from 0 to ${layerCount}.`;
      return fail(error('arrangement-unsupported', message, { param: 'levels' }));
    }
    counts.push(count);
  }
  return ok(counts);
}

/** Blocks before each of the layers that a tower joins; they are known to be there. */
export function levelsOf(text: string | undefined, host: EncoderHost): readonly number[] {
  const read = readLevels(text ?? '', host);
  return read.ok ? read.value : [];
}

/**
 * What leaves: the tokens of each of these layers, one behind the other along the channels. Fails as the list does, and
 * with `parts-conflict` where a part has left the layers with different tokens.
 */
export function levelsWire(
  text: string,
  { host, tokensAfter, known, all, patches }: TowerFeatures,
  withPrefix: boolean,
): Outcome<WireOf<'tokens'>> {
  const read = readLevels(text, host);
  if (!read.ok) return read;
  if (!known || tokensAfter(Math.max(...read.value)) !== host.tokens) {
    const message =
      'A part takes tokens out between the layers that are joined, and channels join token by token; unplug it, or join layers before it begins.';
    return fail(error('parts-conflict', message, { port: 'parts' }));
  }
  const one = withPrefix ? all : patches;
  return ok({ ...one, channels: one.channels * read.value.length });
}

/** Each [B, N, D] → [B, N, layers · D] */
export function joinedLevels(g: GraphBuilder, levels: readonly Value[]): Value {
  const channels = levels.reduce((sum, level) => sum + fixedDim(level, -1), 0);
  return concatenate(g, levels, 2, channels);
}
