/** What holds for every configuration that a folder may bring, however odd: it is read or refused, and never believed. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { JsonObject } from '#engine/contract/config-files.ts';
import type { Json } from '#engine/contract/document.ts';
import { problemSchema } from '#engine/contract/problem.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import type { Catalogue } from '#engine/node/any-node-definition.ts';
import { read } from '#verify/taking-config.testing.ts';
import { catalogue } from './index.ts';

const recorded = join(import.meta.dirname, '..', 'verify', 'recorded');
const definitions = Object.values(catalogue as Catalogue);
const readers = definitions.filter(({ fromConfig }) => fromConfig !== undefined);

/** Published ones, for mutants to be like. */
const configs = readdirSync(recorded, { recursive: true, encoding: 'utf8' })
  .filter((path) => /(^|[\\/])(config|preprocessor_config)(\.v4)?\.json$/.test(path))
  .toSorted()
  .map((path) => read(path.replaceAll('\\', '/')));

const oddNumber = fc.constantFrom(0, -1, 0.5, 1, 2, 3, 511, 2 ** 31, 2 ** 53, -1e308, 1e-320);
const odd: fc.Arbitrary<Json> = fc.oneof(
  oddNumber,
  fc.constantFrom(null, true, false, '', '__proto__', 'gelu', 'llama', [], {}, [[[]]]),
  fc.array(oddNumber, { maxLength: 4 }),
  fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>,
);
const change = fc.record({ place: fc.nat(), value: odd, removes: fc.boolean() });

/** Every value of a tree of values, by its path. */
function pathsOf(value: Json, at: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, each]) => pathsOf(each, [...at, key]))];
}

function changed(value: Json, [key, ...rest]: readonly string[], to: Json | undefined): Json {
  if (key === undefined || typeof value !== 'object' || value === null) return to ?? null;
  const copy: Record<string, Json> = { ...(value as JsonObject) };
  if (rest.length === 0 && to === undefined) delete copy[key];
  else copy[key] = changed(copy[key] ?? null, rest, to);
  return copy;
}

const mutant = fc
  .record({ config: fc.constantFrom(...configs), changes: fc.array(change, { maxLength: 4 }) })
  .map(({ config, changes }) =>
    changes.reduce<JsonObject>((json, { place, value, removes }) => {
      const paths = pathsOf(json).slice(1);
      const path = paths[place % Math.max(1, paths.length)] ?? [];
      const mutated = changed(json, path, removes ? undefined : value);
      return typeof mutated === 'object' && !Array.isArray(mutated)
        ? (mutated as JsonObject)
        : json;
    }, config),
  );

it('is read by every node into parameters that the node has, or refused in sentences', () => {
  expect(configs.length).toBeGreaterThan(20);
  let taken = 0;
  const readsOrRefuses = (config: JsonObject, preprocessor: JsonObject): void => {
    const files = { 'config.json': config, 'preprocessor_config.json': preprocessor };
    for (const { type, params, fromConfig } of readers) {
      const outcome = fromConfig?.(files);
      if (outcome?.ok === true) {
        taken += 1;
        const strange = Object.keys(outcome.value.params).filter(
          (name) => !Object.hasOwn(params, name),
        );
        expect({ type, strange }).toEqual({ type, strange: [] });
        // Values out of range are for the check to name, and nothing is to fail at.
        const document = sketchDocument({ node: [type, outcome.value.params] });
        const { problems } = checkGraph(document, catalogue);
        for (const problem of problems) problemSchema.parse(problem);
      } else {
        for (const problem of outcome?.problems ?? [])
          expect(problemSchema.parse(problem).code).toMatch(/^config-(foreign|unsupported)$/);
      }
    }
  };
  fc.assert(fc.property(mutant, mutant, readsOrRefuses), { numRuns: 150 });
  expect(taken).toBeGreaterThan(0);
});

it('with more layers than could be listed is refused, or taken without a list of them', () => {
  const named = /^(num_hidden_layers|n_layers?|num_layers|depth|layers)$/;
  let tried = 0;
  for (const config of configs) {
    for (const path of pathsOf(config).filter((each) => named.test(each.at(-1) ?? ''))) {
      const files = { 'config.json': changed(config, path, 2 ** 40) as JsonObject };
      for (const { fromConfig } of readers) expect(() => fromConfig?.(files)).not.toThrow();
      tried += 1;
    }
  }
  expect(tried).toBeGreaterThan(50);
});
