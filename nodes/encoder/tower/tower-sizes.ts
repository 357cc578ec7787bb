/** The sizes that one kind of tower was published in, beside a custom one, as an encoder's parameters tell them. */
import { publishedSizes } from './published-sizes.ts';
import type { PublishedSize, VisionTransformerShape } from './vision-transformer-params.ts';

export interface PublishedTower {
  readonly label: string;
  readonly size: PublishedSize;
}

/** As {@link publishedSizes}, with what a vision transformer says of its layers. */
export function towerSizes<
  Name extends string,
  Row extends PublishedTower,
  Shape extends VisionTransformerShape,
>(
  published: Readonly<Record<Name, Row>>,
  standard: NoInfer<Name>,
  shapeOfRow: (row: Row) => Shape,
) {
  const sizes = publishedSizes(published, standard, shapeOfRow);
  type Values = Shape & { readonly model: Name | 'custom'; readonly featureLayer: number };
  return {
    ...sizes,
    layers: (values: Values): number => sizes.shapeOf(values).layerCount,
    /** "so400m/14, 384 px · layer -2" */
    summary: ({ model, imageSize, featureLayer }: Values): string =>
      `${sizes.labelOf(model) ?? `custom, ${imageSize} px`} · layer ${featureLayer}`,
  };
}
