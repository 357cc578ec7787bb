/**
 * What vision transformers share behind their embedding: layers with whatever is plugged in, the norm behind the
 * last, and the choice of tokens that leave. An encoder says what it is in a plan, and how it embeds by itself.
 */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import type { Problem } from '#engine/contract/problem.ts';
import type { Demand } from '#engine/node/node-definition.ts';
import type { Part } from '#engine/node/part.ts';
import type { WireOf } from '#engine/node/wire.ts';
import { dropPrefix } from '#engine/onnx/blocks/feature-map.ts';
import { norm, type Norm } from '#engine/onnx/blocks/norm.ts';
import { layerOutputs, type TransformerLayer } from '#engine/onnx/blocks/vision-transformer.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { mean } from '#engine/onnx/operators.ts';
import { slice } from '#engine/onnx/shape-operators.ts';
import type { DimBindings, Value } from '#engine/onnx/value.ts';
import { encoderDims, encoderHooks } from './encoder-parts.ts';
import { joinedLevels, levelsOf, levelsWire } from './tower-levels.ts';
import {
  towerFeatures,
  usedLayersOf,
  type TowerFeatures,
  type VisionTower,
} from './tower-features.ts';
import {
  pixelsDemand,
  type Positions,
  type VisionTransformerShape,
} from './vision-transformer-params.ts';

/** One of the choices that a tower's `select` has. */
export interface TokenChoice<Shape> {
  /** Every token with those before the patches, the patches, or one token that stands for the whole picture. */
  readonly leaves: 'all' | 'patches' | 'single';
  /** Always of the last layer and normed, whatever layer features are taken from; a single token always is. */
  readonly last?: boolean;
  /** The norm behind the last layer is left out even where features are the last layer's. */
  readonly unnormed?: boolean;
  /** Of a single token: what is made of all tokens before the norm; {@link firstToken} where left out. */
  readonly pool?: Pool;
  /** What is done behind the norm to the tokens of such pixels. */
  readonly finish?: (g: GraphBuilder, normed: Value, shape: Shape, pixels: Pixels) => Value;
  /** What leaves, where that is not of the tower's grid and channels. */
  readonly wire?: (tokens: Tokens, shape: Shape) => Tokens;
}

type Tokens = WireOf<'tokens'>;
type Pixels = WireOf<'pixels'>;

/** [B, prefix + N, D] → [B, 1, D], or all of them where the rest is done behind the norm. */
export type Pool = (g: GraphBuilder, hidden: Value, prefixTokens: number) => Value;

export const firstToken: Pool = (g, hidden) => slice(g, hidden, 1, g.list(0), g.list(1), 1);
export const meanOfPatches: Pool = (g, hidden, prefixTokens) =>
  mean(g, dropPrefix(g, hidden, prefixTokens), 1, true);
export const everyToken: Pool = (_, hidden) => hidden;

/** The norm behind the last layer. */
export interface FinalNorm {
  readonly name: string;
  /** Has every token of the last layer it, or only what is made of all of them? */
  readonly of: 'tokens' | 'single';
}

interface TowerValues {
  readonly featureLayer: number;
  readonly select?: string;
  /** Of a tower with the output `levels`. */
  readonly levels?: string;
}

/** A tower without the parameter gives its patches. */
type SelectOf<Values> = Values extends { readonly select: infer Select extends string }
  ? Select
  : 'patches';

export interface TowerPlan<Values extends TowerValues, Shape extends VisionTransformerShape> {
  readonly title: string;
  readonly shapeOf: (values: Values) => Shape;
  /** Tokens before those of the patches: a class token, registers. */
  readonly prefixTokens: (shape: Shape) => number;
  readonly positions: (values: Values) => Positions;
  /** Of all layers and behind the last. */
  readonly norm: (shape: Shape) => Norm;
  readonly finalNorm: (shape: Shape) => FinalNorm | null;
  readonly choices: Readonly<Record<SelectOf<Values>, TokenChoice<Shape>>>;
  /** What else may stand in the way. */
  readonly check?: (values: Values, found: TowerFeatures, pixels: Pixels) => Problem | null;
}

interface TowerInference {
  readonly outputs: { readonly tokens: Tokens; readonly levels?: Tokens };
  readonly found: TowerFeatures;
  readonly warnings: readonly Problem[];
}

/** LayerNorm with weight and bias, as most towers have it. */
export const layerNormOf = ({ normEpsilon }: VisionTransformerShape): Norm => ({
  kind: 'layer',
  epsilon: normEpsilon,
});

interface InferContext<Values> {
  readonly params: Values;
  readonly inputs: {
    readonly pixels: Pixels;
    /** Absent in a tower that takes none. */
    readonly parts?: readonly WireOf<'encoder-part'>[];
  };
  readonly wired: ReadonlySet<string>;
}

interface EmitContext<Values> {
  readonly params: Values;
  readonly inputs: { readonly pixels: Pixels };
  readonly parts: readonly Part[];
  readonly found: TowerFeatures;
  readonly wired: ReadonlySet<string>;
}

/** By output port. */
interface TowerOutputs {
  readonly tokens: Value;
  /** Where it is wired. */
  readonly levels?: Value;
}

/** What an encoder's definition is put together from; `infer` fails as {@link towerFeatures} and the plan say. */
export function transformerTower<Values extends TowerValues, Shape extends VisionTransformerShape>(
  plan: TowerPlan<Values, Shape>,
) {
  const { shapeOf, positions } = plan;
  return {
    /** What key layouts ask for: the tower's figures, and the layers that its graph runs. */
    extentOf: (values: Values): Shape & { readonly usedLayers: number } => ({
      ...shapeOf(values),
      usedLayers: usedLayersOf(towerOf(plan, values)),
    }),
    demand: ({ params }: { readonly params: Values }): { readonly pixels: Demand } =>
      pixelsDemand(shapeOf(params), positions(params)),
    infer: (context: InferContext<Values>) => inferTower(plan, context),
    /** What the sizes are expected to be that a part leaves open. */
    dims: ({ found }: { readonly found: TowerFeatures }): DimBindings =>
      encoderDims(found, found.host),
    /** What leaves. `embedded` [B, prefix + N, D] enter the first layer. */
    outputs: (
      g: GraphBuilder,
      embedded: Value,
      layers: readonly TransformerLayer[],
      context: EmitContext<Values>,
      queryKey = false,
    ): TowerOutputs => emitTower(plan, g, { embedded, layers, queryKey }, context),
  };
}

function choiceOf<Values extends TowerValues, Shape extends VisionTransformerShape>(
  { choices }: TowerPlan<Values, Shape>,
  { select = 'patches' }: Values,
): TokenChoice<Shape> {
  return choices[select as SelectOf<Values>];
}

const isOfLast = ({ leaves, last }: TokenChoice<never>): boolean =>
  last === true || leaves === 'single';

function towerOf<Values extends TowerValues, Shape extends VisionTransformerShape>(
  plan: TowerPlan<Values, Shape>,
  values: Values,
): VisionTower {
  const shape = plan.shapeOf(values);
  const featureLayer = isOfLast(choiceOf(plan, values)) ? -1 : values.featureLayer;
  return { title: plan.title, shape, prefixTokens: plan.prefixTokens(shape), featureLayer };
}

function inferTower<Values extends TowerValues, Shape extends VisionTransformerShape>(
  plan: TowerPlan<Values, Shape>,
  { params, inputs: { pixels, parts = [] }, wired }: InferContext<Values>,
): Outcome<TowerInference> {
  const given = { pixels, parts };
  const found = towerFeatures(towerOf(plan, params), plan.positions(params), given);
  if (!found.ok) return found;
  const problem = plan.check?.(params, found.value, pixels);
  if (problem) return fail(problem);
  const { leaves, wire } = choiceOf(plan, params);
  const taken = found.value[leaves];
  const tokens = wire?.(taken, plan.shapeOf(params)) ?? taken;
  const outcome = { outputs: { tokens }, found: found.value, warnings: found.value.warnings };
  if (params.levels === undefined) return ok(outcome);
  const levels = levelsWire(params.levels, found.value, leaves === 'all');
  if (levels.ok) return ok({ ...outcome, outputs: { tokens, levels: levels.value } });
  return wired.has('levels') ? levels : ok(outcome);
}

function emitTower<Values extends TowerValues, Shape extends VisionTransformerShape>(
  plan: TowerPlan<Values, Shape>,
  g: GraphBuilder,
  {
    embedded,
    layers,
    queryKey,
  }: {
    readonly embedded: Value;
    readonly layers: readonly TransformerLayer[];
    readonly queryKey: boolean;
  },
  { params, inputs, parts, found: { host }, wired }: EmitContext<Values>,
): TowerOutputs {
  const shape = plan.shapeOf(params);
  const kind = plan.norm(shape);
  const { featureLayer, prefixTokens } = towerOf(plan, params);
  const joined = wired.has('levels') ? levelsOf(params.levels, host) : [];
  const [hidden, ...several] = layerOutputs(g, embedded, layers, {
    norm: kind,
    counts: [host.usedLayers, ...joined],
    queryKey,
    hooks: encoderHooks(g, parts, embedded, host, shape),
  }) as [Value, ...Value[]];
  const choice = choiceOf(plan, params);
  const taken = takenTokens(g, hidden, choice, prefixTokens);
  const final = plan.finalNorm(shape);
  const isNormed =
    isOfLast(choice) || (featureLayer === -1 && final?.of === 'tokens' && !choice.unnormed);
  const normed = final && isNormed ? norm(g, taken, final.name, kind) : taken;
  const tokens = choice.finish?.(g, normed, shape, inputs.pixels) ?? normed;
  if (joined.length === 0) return { tokens };
  // The last layer of such a tower is its normed one, in a row of several as alone.
  const lastNorm = final?.of === 'tokens' ? final.name : null;
  const parted = several.map((level, place) => {
    const isLast = joined[place] === host.layerCount;
    const whole = lastNorm !== null && isLast ? norm(g, level, lastNorm, kind) : level;
    return choice.leaves === 'all' ? whole : dropPrefix(g, whole, prefixTokens);
  });
  return { tokens, levels: joinedLevels(g, parted) };
}

function takenTokens<Shape>(
  g: GraphBuilder,
  hidden: Value,
  { leaves, pool = firstToken }: TokenChoice<Shape>,
  prefixTokens: number,
): Value {
  switch (leaves) {
    case 'all':
      return hidden;
    case 'patches':
      return dropPrefix(g, hidden, prefixTokens);
    case 'single':
      return pool(g, hidden, prefixTokens);
  }
}
