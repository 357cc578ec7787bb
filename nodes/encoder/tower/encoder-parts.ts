/** What plugs into an encoder: a socket, what its parts exclude, how many tokens they leave, and where they act. */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error, warning, type Problem } from '#engine/contract/problem.ts';
import { choosesLayer } from '#engine/node/layer-choice.ts';
import { partsOfKind, type Part } from '#engine/node/part.ts';
import {
  estimatedCount,
  fewerIn,
  knownCount,
  type EncoderActsAt,
  type WireOf,
} from '#engine/node/wire.ts';
import { mostMerged } from '#engine/onnx/blocks/token-merging.ts';
import { prunedDims } from '#engine/onnx/blocks/token-pruning.ts';
import type { LayerHooks } from '#engine/onnx/blocks/vision-transformer.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import type { DimBindings, Value } from '#engine/onnx/value.ts';

/** Spread into the inputs of an encoder made of transformer blocks. */
export const encoderSocket = {
  parts: { kind: 'encoder-part', title: 'Encoder parts', several: true, optional: true },
} as const;

export interface EncoderHost {
  readonly title: string;
  readonly layerCount: number;
  /** Blocks before the features are taken. */
  readonly usedLayers: number;
  /** Tokens that enter the first block, those of the prefix included. */
  readonly tokens: number;
  readonly prefixTokens: number;
  /** Views that may go through it at once; one where left out. */
  readonly views?: number;
}

export interface EncoderParts {
  /** Tokens behind so many blocks, those of the prefix included. */
  readonly tokensAfter: (blocks: number) => number;
  /** False where the picture decides how many they are, and they are only expected. */
  readonly known: boolean;
  readonly warnings: readonly Problem[];
}

type InsideBlock = Extract<EncoderActsAt, { at: 'inside-block' }>;
type ByPicture = Extract<EncoderActsAt, { at: 'by-picture' }>;
type OnAttention = Extract<EncoderActsAt, { at: 'attention' }>;

/** Fails with `parts-conflict`. */
export function checkEncoderParts(
  wires: readonly WireOf<'encoder-part'>[],
  host: EncoderHost,
): Outcome<EncoderParts> {
  const acts = wires.map((wire) => wire.acts);
  const reducing = acts.filter((each) => each.at === 'inside-block');
  const deciding = acts.filter((each) => each.at === 'by-picture');
  const attending = acts.filter((each) => each.at === 'attention');
  const [reduction] = reducing;
  const [decision] = deciding;
  const reason =
    filterProblem(acts, host) ??
    severalProblem(reducing.length + deciding.length) ??
    (reduction && reductionProblem(reduction, host)) ??
    (decision && decisionProblem(attending, host)) ??
    attentionProblem(attending, host) ??
    (reduction && togetherProblem(reduction, attending, host));
  if (reason) return fail(error('parts-conflict', reason, { port: 'parts' }));
  const counts = tokenCounts(decision ?? reduction, host);
  const unused =
    reduction && counts[host.usedLayers] === host.tokens && counts.at(-1) !== host.tokens;
  return ok({
    tokensAfter: (blocks) => counts[blocks] ?? host.tokens,
    known: decision === undefined,
    warnings: unused
      ? [
          warning(
            'parts-conflict',
            `A part takes tokens out only behind block ${host.usedLayers - 1}, where the features are taken, so it does nothing; let it begin earlier, or take a later feature layer.`,
            { port: 'parts' },
          ),
        ]
      : [],
  });
}

function filterProblem(acts: readonly EncoderActsAt[], { title }: EncoderHost): string | null {
  return acts.some(({ at }) => at === 'patches')
    ? `A part takes patches out before the first block, and ${title} takes in all of them; plug it into Swin, or unplug it.`
    : null;
}

function severalProblem(count: number): string | null {
  return count > 1
    ? `${count} parts would take tokens out inside the same encoder, each not knowing which the other has left; unplug all of them but one.`
    : null;
}

function decisionProblem(
  attending: readonly OnAttention[],
  { title, prefixTokens, views = 1 }: EncoderHost,
): string | null {
  if (prefixTokens === 0)
    return `A part ranks patches by what the class token looks at, and ${title} has none; use an encoder that has one, such as CLIP.`;
  if (views > 1)
    return `A part lets the picture decide how many tokens stay, and ${views} views go through ${title} together, which decide otherwise; give it one picture, or unplug the part.`;
  if (attending.length > 0)
    return 'One part lets the picture decide how many tokens a block has, another replaces attention over a number of them; unplug one of the two.';
  return null;
}

function reductionProblem(
  { fewer }: InsideBlock,
  { title, layerCount }: EncoderHost,
): string | null {
  const listed = typeof fewer === 'number' ? 0 : fewer.length;
  return listed > layerCount
    ? `A part lists tokens for ${listed} blocks, this ${title} has ${layerCount}; list ${layerCount} numbers at most, or one for all blocks.`
    : null;
}

function attentionProblem(
  all: readonly OnAttention[],
  { layerCount, tokens }: EncoderHost,
): string | null {
  const layers = Array.from({ length: layerCount }, (_, layer) => layer);
  const shared = layers.find(
    (layer) => all.filter((part) => choosesLayer(part.layers, layer, layerCount)).length > 1,
  );
  if (shared !== undefined)
    return `Two parts would replace the attention of block ${shared}; choose blocks for them that do not meet, such as the first and the second half.`;
  const short = all.find(({ mostTokens }) => mostTokens !== null && mostTokens < tokens);
  if (short)
    return `A part replaces attention over at most ${short.mostTokens} tokens, ${tokens} enter the encoder; raise its tokens to ${tokens}, or use a smaller picture.`;
  return null;
}

/** Merged tokens count by their size where they are looked at one by one. */
function togetherProblem(
  { fewer, weighsKeys }: InsideBlock,
  attending: readonly OnAttention[],
  { layerCount }: EncoderHost,
): string | null {
  const blocks = Array.from({ length: layerCount }, (_, block) => block);
  const first = blocks.find((block) => fewerIn(fewer, block) > 0) ?? layerCount;
  const behind = blocks.filter((block) => block > first);
  const meets = attending.some(
    ({ layers, scoresKeys }) =>
      !scoresKeys && behind.some((layer) => choosesLayer(layers, layer, layerCount)),
  );
  return weighsKeys && meets
    ? 'One part weighs each key by its size, and another mixes the keys before anyone looks at them; switch proportional attention off in the first, or unplug one of the two.'
    : null;
}

/** Tokens behind 0, 1, 2 … blocks. */
function tokenCounts(
  part: InsideBlock | ByPicture | undefined,
  host: EncoderHost,
): readonly number[] {
  const counts = [host.tokens];
  for (let block = 0; block < host.layerCount; block++) {
    const tokens = counts[block] as number;
    counts.push(
      part?.at === 'by-picture'
        ? expectedAfter(part, tokens, host)
        : tokens - going(part, block, tokens, host),
    );
  }
  return counts;
}

const expectedAfter = (
  { keptShare }: ByPicture,
  tokens: number,
  { prefixTokens }: EncoderHost,
): number => prefixTokens + Math.round((tokens - prefixTokens) * keptShare);

const going = (
  part: InsideBlock | undefined,
  block: number,
  tokens: number,
  { prefixTokens }: EncoderHost,
): number => Math.min(part ? fewerIn(part.fewer, block) : 0, mostMerged(tokens, prefixTokens));

/** What leaves an encoder behind its features: fewer tokens, which then lie on no grid. */
export function withEncoderParts(
  wire: WireOf<'tokens'>,
  { tokensAfter, known }: EncoderParts,
  { tokens, usedLayers }: EncoderHost,
): WireOf<'tokens'> {
  const most = wire.count.tokens;
  const left = most - (tokens - tokensAfter(usedLayers));
  if (known) return left === most ? wire : { ...wire, count: knownCount(left), grid: null };
  return usedLayers === 0 ? wire : { ...wire, count: estimatedCount(left, most), grid: null };
}

/** What the sizes are expected to be that a part leaves open; see `prunedDims`. */
export function encoderDims(
  { tokensAfter, known }: EncoderParts,
  { layerCount, prefixTokens }: EncoderHost,
): DimBindings {
  if (known) return {};
  const blocks = Array.from({ length: layerCount }, (_, block) => {
    const { left, behind, kept, mixed } = prunedDims(block, prefixTokens);
    const tokens = tokensAfter(block + 1);
    const rest = tokens - prefixTokens;
    return { [left]: tokens, [behind]: rest, [kept]: Math.max(rest - 1, 0), [mixed]: 1 };
  });
  return Object.assign({}, ...blocks) as DimBindings;
}

/** What the parts do inside the blocks; `tokens` [B, N, D] enter the first. */
export function encoderHooks(
  g: GraphBuilder,
  parts: readonly Part[],
  tokens: Value,
  { prefixTokens, layerCount }: EncoderHost,
  { headCount }: { readonly headCount: number },
): LayerHooks {
  const [reduction] = partsOfKind(parts, 'inside-block');
  const pass = reduction?.begin(g, { tokens, prefixTokens, headCount });
  const attention = partsOfKind(parts, 'attention');
  return {
    keyBias: () => pass?.keyBias() ?? null,
    reduce: (layer) => pass?.reduce(layer) ?? null,
    meeting(layer) {
      const part = attention.find(({ layers }) => choosesLayer(layers, layer, layerCount));
      if (!part) return null;
      return (projected) => part.emit(g, projected, { name: `layers.${layer}`, headCount });
    },
  };
}
