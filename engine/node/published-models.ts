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
