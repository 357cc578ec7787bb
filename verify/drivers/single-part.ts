/** A part by itself, with the weights of a recorded case. */
import type { PartKind, PartOf } from '#engine/node/part.ts';
import type { SetNode } from './node-params.ts';

export function partOf<Kind extends PartKind>(
  { definition, params }: SetNode,
  kind: Kind,
  folder: string,
): PartOf<Kind> {
  const { body } = definition;
  if (body.kind !== 'part') throw new Error(`"${definition.type}" is no part.`);
  const declared = Object.entries(definition.params).map(([name, param]) => [name, param.default]);
  const values = { ...Object.fromEntries(declared), ...params };
  const source = { kind: 'checkpoint', folder } as const;
  const layouts = definition.keyLayouts?.(values) ?? [];
  const setting = { origin: { node: 'case', source, layouts }, blocks: null };
  const part = body.part({
    node: 'case',
    params: values,
    withWeights: (g, emit) => g.weightsFrom(setting, emit),
    newGraph: () => {
      throw new Error('A recorded block has no graph of its own.');
    },
  });
  if (part.kind !== kind) throw new Error(`"${definition.type}" does not act there.`);
  return part as PartOf<Kind>;
}
