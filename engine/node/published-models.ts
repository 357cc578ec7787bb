import type { AnyNodeDefinition } from './any-node-definition.ts';
import type { Params } from './param.ts';

/** What the published models of a node are called, in the order of its `model` parameter; none where it has none. */
export function publishedModels({ params }: AnyNodeDefinition): readonly string[] {
  const declared: Params = params;
  const model = declared['model'];
  return model?.kind === 'choice'
    ? model.options.filter(({ value }) => value !== 'custom').map(({ label }) => label)
    : [];
}

/** What the published model that a node is set to is called; null where it has none, or sizes of its own. */
export function publishedModel(
  { params }: AnyNodeDefinition,
  values: Readonly<Record<string, unknown>>,
): string | null {
  const declared: Params = params;
  const model = declared['model'];
  const chosen = values['model'];
  if (model?.kind !== 'choice' || chosen === 'custom') return null;
  return model.options.find(({ value }) => value === chosen)?.label ?? null;
}
