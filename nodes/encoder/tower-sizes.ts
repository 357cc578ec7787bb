/** The sizes that one kind of tower was published in, beside a custom one, as an encoder's parameters tell them. */
import type { JsonObject } from '#engine/contract/config-files.ts';
import { modelParam } from '#engine/node/architecture-params.ts';
import { publishedOrCustom } from '../config/published-config.ts';
import type { PublishedSize, VisionTransformerShape } from './vision-transformer-params.ts';

export interface PublishedTower {
  readonly label: string;
  readonly size: PublishedSize;
}

/**
 * What an encoder says of its sizes, from a table with one row for each: `standard` is chosen at first,
 * `shapeOfRow` gives a row's figures by the names of the parameters that a custom size has.
 */
export function towerSizes<
  Name extends string,
  Row extends PublishedTower,
  Shape extends VisionTransformerShape,
>(
  published: Readonly<Record<Name, Row>>,
  standard: NoInfer<Name>,
  shapeOfRow: (row: Row) => Shape,
) {
  const names = Object.keys(published) as Name[];
  const isPublished = (model: Name | 'custom'): model is Name => model !== 'custom';
  type Values = Shape & { readonly model: Name | 'custom'; readonly featureLayer: number };
  const shapeOf = (values: Values): Shape =>
    isPublished(values.model) ? shapeOfRow(published[values.model]) : values;
  return {
    param: modelParam(published, standard),
    shapeOf,
    layers: (values: Values): number => shapeOf(values).layerCount,
    /** "so400m/14, 384 px · layer -2" */
    summary: ({ model, imageSize, featureLayer }: Values): string => {
      const label = isPublished(model) ? published[model].label : `custom, ${imageSize} px`;
      return `${label} · layer ${featureLayer}`;
    },
    /** The parameters that choose these figures: a row's where one has them all. */
    paramsFor: (figures: JsonObject): JsonObject =>
      publishedOrCustom(names, (name) => shapeOfRow(published[name]), figures),
  };
}
