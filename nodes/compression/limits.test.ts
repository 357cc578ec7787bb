/** Whatever makes tokens fewer, on grids of one token and with parameters at their limits: at least one token leaves. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '#engine/contract/document.ts';
import { checkParams } from '#engine/graph/check-params.ts';
import type { AnyNodeDefinition, Catalogue } from '#engine/node/any-node-definition.ts';
import type { Port } from '#engine/node/node-definition.ts';
import type { Param } from '#engine/node/param.ts';
import type { View } from '#engine/node/view.ts';
import {
  knownCount,
  portTensors,
  type Grid,
  type WireKind,
  type WireType,
} from '#engine/node/wire.ts';
import { elementCount } from '#engine/onnx/value.ts';
import { factPrefix, inputPrefix, inputTensors, outputPrefix } from '#engine/plan/node-body.ts';
import { buildSingleNode, type BuiltNode } from '#engine/plan/single-node.ts';
import { float32, int64, type TensorMap } from '#host/sessions/sessions.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { catalogue } from '../index.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { weightCount } from '../weight-count.testing.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

/** What has more, in weights or in tokens, is checked alone. */
const mostNumbers = 50_000;

const channels = 16;
const outputWidth = 8;

function wireOf(kind: WireKind, grid: Grid): WireType | null {
  const tokens = grid.rows * grid.columns;
  if (kind === 'tokens')
    return { kind, count: knownCount(tokens), channels, prefixTokens: 0, grid };
  if (kind === 'query-key') return { kind, count: tokens + 1, channels };
  return kind === 'text-embeddings' ? { kind, count: knownCount(3), channels } : null;
}

/** Nodes that read tokens on a grid and give tokens. */
const reducing = Object.values(catalogue as Catalogue).filter(
  ({ family, inputs, outputs, body }) =>
    (family === 'compression' || family === 'projector') &&
    body.kind === 'onnx' &&
    Object.values<Port>(inputs).some(({ kind }) => kind === 'tokens') &&
    Object.values<Port>(outputs).some(({ kind }) => kind === 'tokens'),
);

type Values = Readonly<Record<string, Json>>;

/** Small enough to run, then one parameter at a time at its least and at its most, or another choice. */
function variants({ params }: AnyNodeDefinition): readonly Values[] {
  const small: Record<string, Json> = {};
  const declared = Object.entries<Param>(params);
  const has = (name: string): boolean => Object.hasOwn(params, name);
  if (has('model')) small['model'] = 'custom';
  const figures = { hiddenSize: channels, projectionSize: channels, feedForwardSize: channels };
  for (const [name, value] of Object.entries({ ...figures, outputWidth, vocabularySize: 20 }))
    if (has(name)) small[name] = value;
  for (const name of ['headCount', 'keyValueHeadCount']) if (has(name)) small[name] = 2;
  for (const name of [
    'layerCount',
    'queryCount',
    'latentCount',
    'innerWidth',
    'joinWidth',
    'headSize',
  ])
    if (has(name)) small[name] = 4;
  const ends = declared.flatMap(([name, param]): Values[] => {
    if (param.group === 'weights') return [];
    if (param.kind === 'integer' || param.kind === 'number')
      return [{ [name]: param.min }, { [name]: param.max }];
    if (param.kind === 'flag') return [{ [name]: !param.default }];
    return param.kind === 'choice' && name !== 'model'
      ? param.options.map(({ value }) => ({ [name]: value }))
      : [];
  });
  return [{}, ...ends].map((values) => ({ ...small, ...values }));
}

const view: View = {
  item: 0,
  media: 'image',
  role: 'whole',
  row: 0,
  column: 0,
  original: { width: 1, height: 1 },
};

async function run(
  definition: AnyNodeDefinition,
  inputs: Readonly<Record<string, WireType | readonly WireType[]>>,
  { model, facts }: BuiltNode,
): Promise<TensorMap> {
  const tensors = Object.entries(inputs).flatMap(([port, wires]) =>
    inputTensors(definition, port, [wires].flat()),
  );
  const given = tensors.map(({ name, shape }, index) => {
    const sizes = shape.map(Number);
    const data = normalNumbers(elementCount(sizes), index + 1);
    return [inputPrefix + name, float32(data, sizes)] as const;
  });
  const told = Object.entries(facts).map(
    ([name, fact]) => [factPrefix + name, int64(fact.of([view]))] as const,
  );
  return bench.run(model, Object.fromEntries([...given, ...told]));
}

describe.each([
  { rows: 1, columns: 1 },
  { rows: 1, columns: 3 },
])('a grid of $rows × $columns tokens', (grid) => {
  it.each(reducing.map((definition) => [definition.type, definition] as const))(
    'through %s',
    async (_, definition) => {
      const inputs = Object.fromEntries(
        Object.entries<Port>(definition.inputs).flatMap(([port, { kind, several }]) => {
          const wire = wireOf(kind, grid);
          return wire ? [[port, several ? [wire, wire] : wire]] : [];
        }),
      );
      for (const values of variants(definition)) {
        const node = { type: definition.type, version: definition.version, params: values };
        const { params } = checkParams('node', node, definition);
        const built = buildSingleNode({ definition, params, inputs });
        if (!built.ok) {
          for (const { message } of built.problems)
            expect(message).toMatch(/^[\p{Lu}\d].*; .*\.$/u);
          continue;
        }
        const { outputs, model } = built.value;
        const { tokens } = outputs;
        if (tokens?.kind !== 'tokens') throw new Error('No tokens leave.');
        expect(tokens.count.tokens, JSON.stringify(values)).toBeGreaterThanOrEqual(1);
        expect(tokens.count.most).toBeGreaterThanOrEqual(tokens.count.tokens);
        if (weightCount(model) > mostNumbers || elementCount(shapeOf(tokens)) > mostNumbers)
          continue;
        const ran = (await run(definition, inputs, built.value))[`${outputPrefix}tokens`];
        expect(ran?.dims[1], JSON.stringify(values)).toBeGreaterThanOrEqual(1);
        if (tokens.count.known) expect(ran?.dims[1]).toBe(tokens.count.tokens);
        expect(ran?.dims[2]).toBe(tokens.channels);
        expect(floatsOf(ran).every(Number.isFinite), JSON.stringify(values)).toBe(true);
      }
    },
  );
});

const shapeOf = (wire: WireType): readonly number[] =>
  portTensors('', wire)[0]!.shape.map((dim) => (typeof dim === 'number' ? dim : 1));
