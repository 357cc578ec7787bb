import type { AnyNodeDefinition } from './any-node-definition.ts';
import { families, type Family } from './node-definition.ts';

export interface FamilyGroup {
  readonly family: Family;
  readonly definitions: readonly AnyNodeDefinition[];
}

/** Definitions by family, in the order of the palette; a family of which there is none is left out. */
export function byFamily(definitions: readonly AnyNodeDefinition[]): readonly FamilyGroup[] {
  return (Object.keys(families) as Family[])
    .map((family) => ({
      family,
      definitions: definitions.filter((definition) => definition.family === family),
    }))
    .filter((group) => group.definitions.length > 0);
}
