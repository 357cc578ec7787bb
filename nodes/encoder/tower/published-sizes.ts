/** A table of published sizes beside a custom one, as an encoder's parameters tell them. */
import type { JsonObject } from '#engine/contract/config-files.ts';
import { modelParam } from '#engine/node/architecture-params.ts';
import { publishedOrCustom } from '../../config/published-config.ts';

/**
 * One row a size: `standard` is chosen at first, `shapeOfRow` gives a row's figures by the names of the parameters
 * that a custom size has.
 */
export function publishedSizes<
  Name extends string,
  Row extends { readonly label: string },
  Shape extends object,
>(
  published: Readonly<Record<Name, Row>>,
  standard: NoInfer<Name>,
  shapeOfRow: (row: Row) => Shape,
) {
  const names = Object.keys(published) as Name[];
  const isPublished = (model: Name | 'custom'): model is Name => model !== 'custom';
  type Values = Shape & { readonly model: Name | 'custom' };
  return {
    param: modelParam(published, standard, shapeOfRow),
    shapeOf: (values: Values): Shape =>
      isPublished(values.model) ? shapeOfRow(published[values.model]) : values,
    /** Null for a custom size. */
    labelOf: (model: Name | 'custom'): string | null =>
      isPublished(model) ? published[model].label : null,
    /** The parameters that choose these figures: a row's where one has them all. */
    paramsFor: (figures: JsonObject): JsonObject =>
      publishedOrCustom(names, (name) => shapeOfRow(published[name]), figures),
  };
}
