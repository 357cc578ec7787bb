/** Encoders that work in stages, each on a coarser map: their published sizes, and parameters of a custom one. */
import { size } from '#engine/node/architecture-params.ts';
import { publishedSizes } from '../tower/published-sizes.ts';

export const fiveStages = [1, 2, 3, 4, 5] as const;
export const threeStages = [1, 2, 3] as const;

/** One entry a stage, such as `width1` and on. */
export type PerStage<Name extends string, Place extends number, Each> = Readonly<
  Record<`${Name}${Place}`, Each>
>;

export function perStage<Name extends string, Place extends number, Each>(
  name: Name,
  stages: readonly Place[],
  each: (index: number, stage: Place) => Each,
): PerStage<Name, Place, Each> {
  const entries = stages.map((stage, index) => [`${name}${stage}`, each(index, stage)] as const);
  return Object.fromEntries(entries) as PerStage<Name, Place, Each>;
}

/** The numbers of `perStage` in order. */
export const numbersOf = <Name extends string, Place extends number>(
  name: Name,
  stages: readonly Place[],
  values: PerStage<NoInfer<Name>, NoInfer<Place>, number>,
): readonly number[] => stages.map((stage) => values[`${name}${stage}`]);

/** Channels and blocks of up to five stages; the last one may be absent. */
export type StagesShape = PerStage<'width' | 'depth', 1 | 2 | 3 | 4 | 5, number>;

/** Of as many stages as there are widths; those that there are not have width 0. */
export const stagesShape = (widths: readonly number[], depths: readonly number[]): StagesShape => ({
  ...perStage('width', fiveStages, (index) => widths[index] ?? 0),
  ...perStage('depth', fiveStages, (index) => depths[index] ?? 0),
});

export interface Stage {
  readonly width: number;
  readonly depth: number;
}

/** Stages from the first to the one before the first of width 0. */
export function stagesOf(shape: StagesShape): readonly Stage[] {
  const widths = numbersOf('width', fiveStages, shape);
  const depths = numbersOf('depth', fiveStages, shape);
  const end = widths.indexOf(0);
  const used = end < 0 ? widths : widths.slice(0, end);
  return used.map((width, index) => ({ width, depth: depths[index]! }));
}

/** Parameters of a custom size: channels and blocks of each stage, with these defaults. */
export function stagesParams(widths: readonly number[], depths: readonly number[]) {
  const widthHelp = (stage: number) =>
    stage === 5 ? 'Channels of the fifth stage; 0 for none.' : `Channels of stage ${stage}.`;
  const least = (stage: number) => (stage === 5 ? 0 : 1);
  return {
    ...perStage('width', fiveStages, (index, stage) => ({
      ...size(`Width ${stage}`, widthHelp(stage), widths[index] ?? 0, 16_384),
      min: least(stage),
    })),
    ...perStage('depth', fiveStages, (index, stage) => ({
      ...size(`Depth ${stage}`, `Blocks of stage ${stage}.`, depths[index] ?? 0, 128),
      min: 0,
    })),
  };
}

export const imageSizeParam = (standard: number) =>
  size(
    'Image size',
    'Side of the square picture that it was trained on; others are taken too.',
    standard,
    4096,
    'px',
  );

/** What leaves an encoder that has no head: its map, or the mean of the last one. */
export const mapOrMeanParam = {
  kind: 'choice',
  label: 'Tokens',
  help: 'Which tokens leave the encoder.',
  default: 'patches',
  options: [
    { value: 'patches', label: 'Map' },
    { value: 'pooled', label: 'Mean', about: 'One token: the mean of the last map.' },
  ],
} as const;

export const featureStageParam = {
  kind: 'integer',
  label: 'Feature stage',
  help: "Which stage's map is taken: −1 is the last and coarsest, −2 the one before it, with four times as many tokens.",
  default: -1,
  min: -5,
  max: -1,
} as const;

/** As {@link publishedSizes}, with what an encoder says of its stages. */
export function stageSizes<
  Name extends string,
  Row extends { readonly label: string },
  Shape extends { readonly imageSize: number },
>(
  published: Readonly<Record<Name, Row>>,
  standard: NoInfer<Name>,
  shapeOfRow: (row: Row) => Shape,
  depthsOf: (shape: Shape) => readonly number[],
) {
  const sizes = publishedSizes(published, standard, shapeOfRow);
  type Values = Shape & { readonly model: Name | 'custom'; readonly featureStage: number };
  return {
    ...sizes,
    layers: (values: Values): number =>
      depthsOf(sizes.shapeOf(values)).reduce((sum, depth) => sum + depth, 0),
    demand: (values: Values) => ({
      pixels: { usualPixels: sizes.shapeOf(values).imageSize },
    }),
    /** "L, 320 px · stage -1" */
    summary: ({ model, imageSize, featureStage }: Values): string =>
      `${sizes.labelOf(model) ?? `custom, ${imageSize} px`} · stage ${featureStage}`,
  };
}
