import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { catalogue } from '#nodes/index.ts';
import { checkGraph } from './check.ts';
import { orderNodes } from './order.ts';
import { sketchDocument, type NodeSketch } from './sketch-document.ts';

describe('the running order', () => {
  it('puts every node behind all that feed it, whatever the wires', () => {
    fc.assert(
      fc.property(wiring, ({ count, pairs }) => {
        const forward = pairs.filter(([from, to]) => from < to);
        const { document, place } = shuffled(count, forward);
        const { order, cycle } = orderNodes(document);
        expect(cycle).toBeNull();
        expect(order.toSorted()).toEqual(Object.keys(document.nodes).toSorted());
        for (const [from, to] of forward) {
          expect(order.indexOf(place(from))).toBeLessThan(order.indexOf(place(to)));
        }
      }),
    );
  });

  it('is that of the document where no wire says otherwise', () => {
    const document = sketchDocument({ c: ['x'], a: ['x'], b: ['x'] });
    expect(orderNodes(document).order).toEqual(['c', 'a', 'b']);
  });
});

describe('a circle', () => {
  it('is named in wiring order, without what merely leads into it or out of it', () => {
    const document = sketchDocument({ lead: ['x'], a: ['x'], b: ['x'], c: ['x'], after: ['x'] }, [
      'lead.o > a.i',
      'a.o > b.i',
      'b.o > c.i',
      'c.o > a.j',
      'c.o > after.i',
    ]);
    const { order, cycle } = orderNodes(document);
    expect(order).toEqual(['lead']);
    expect([...(cycle ?? []), ...(cycle ?? [])].join(' ')).toContain('a b c');
    expect(cycle).toHaveLength(3);
  });

  it('that is found is one that the wires really make', () => {
    fc.assert(
      fc.property(wiring, ({ count, pairs }) => {
        const { document } = shuffled(count, pairs);
        const { order, cycle } = orderNodes(document);
        if (cycle === null) {
          expect(order).toHaveLength(count);
          return;
        }
        for (const [index, from] of cycle.entries()) {
          const to = cycle[(index + 1) % cycle.length];
          const isWired = document.edges.some(
            (edge) => edge.from.node === from && edge.to.node === to,
          );
          expect(isWired).toBe(true);
          expect(order).not.toContain(from);
        }
      }),
    );
  });
});

it('a chain of ten times as many nodes is checked with ten times as much reading', () => {
  expect(readsPerNode(1000) / readsPerNode(100)).toBeCloseTo(1, 1);
});

/** How often a check looks at something in the document of a long chain, for each of its nodes. */
function readsPerNode(count: number): number {
  const ids = Array.from({ length: count }, (_, index) => `pool${index}`);
  const pools = ids.map((id): [string, NodeSketch] => [
    id,
    ['compression/average-pool', { kernel: 1 }],
  ]);
  const document = sketchDocument(
    {
      image: ['input/image'],
      preprocess: ['vision/preprocess'],
      encoder: ['encoder/clip-vit'],
      ...Object.fromEntries(pools.toReversed()),
    },
    [
      'image.image > preprocess.image',
      'preprocess.pixels > encoder.pixels',
      'encoder.tokens > pool0.tokens',
      ...ids.slice(1).map((id, index) => `${ids[index]}.tokens > ${id}.tokens`),
    ],
  );
  let reads = 0;
  const watched = watch(document, () => reads++);
  const { problems, nodes } = checkGraph(watched, catalogue);
  expect(problems).toEqual([]);
  expect(nodes[`pool${count - 1}`]?.outputs['tokens']).toMatchObject({ channels: 1024 });
  return reads / count;
}

/** The value, telling whenever something in it is read. */
function watch<Value extends object>(value: Value, told: () => void): Value {
  const known = new WeakMap<object, object>();
  const watched = (object: object): object => {
    const before = known.get(object);
    if (before) return before;
    const proxy = new Proxy(object, {
      get(target, name) {
        told();
        const part = Reflect.get(target, name) as unknown;
        return typeof part === 'object' && part !== null ? watched(part) : part;
      },
    });
    known.set(object, proxy);
    return proxy;
  };
  return watched(value) as Value;
}

/** Some nodes and some wires between them, as numbers. */
const wiring = fc.integer({ min: 1, max: 12 }).chain((count) =>
  fc.record({
    count: fc.constant(count),
    pairs: fc.array(fc.tuple(fc.nat(count - 1), fc.nat(count - 1)), { maxLength: 20 }),
  }),
);

/** The document lists its nodes in an order that has nothing to do with the wires. */
function shuffled(count: number, pairs: readonly (readonly [number, number])[]) {
  const place = (index: number) => `n${(index * 7 + 3) % 31}`;
  const names = Array.from({ length: count }, (_, index) => place(index)).toSorted();
  const document = sketchDocument(
    Object.fromEntries(names.map((name) => [name, ['x'] as const])),
    pairs.map(([from, to]) => `${place(from)}.o > ${place(to)}.i`),
  );
  return { document, place };
}
