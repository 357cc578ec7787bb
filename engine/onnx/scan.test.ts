import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BlockBench } from '#verify/block-bench.testing.ts';
import { largestError } from '#nodes/slow-formulas.testing.ts';
import { GraphBuilder } from './graph-builder.ts';
import { add, matmul, multiply } from './operators.ts';
import { scan } from './scan.ts';

let bench: BlockBench;
beforeAll(async () => {
  bench = await BlockBench.open();
});
afterAll(() => bench.close());

describe('a scan', () => {
  it.each([false, true])(
    'hands states on and gives every step its place (reversed: %s)',
    async (reversed) => {
      const [length, size] = [5, 3];
      const run = await bench.run(
        { decay: [length, size], fresh: [length, size], start: [size], total: [size] },
        (g, { decay, fresh, start, total }) => {
          const factor = g.weight(g.tensor('factor', [size], 'norm'));
          const { states, outputs } = scan(
            g,
            { states: [start, total], slices: [decay, fresh], reversed },
            ([state, sum], [rate, entry]) => {
              // Weights and values from around it are read inside as well.
              const next = add(g, multiply(g, state!, rate!), multiply(g, entry!, factor));
              return {
                states: [next, add(g, sum!, total)],
                outputs: [next, multiply(g, next, next)],
              };
            },
          );
          const [state, sum] = states;
          return { state: state!, sum: sum!, all: outputs[0]!, squares: outputs[1]! };
        },
      );
      const [decay, fresh, factor] = ['decay', 'fresh', 'factor'].map(run.numbers);
      let state = run.numbers('start');
      const all: (readonly number[])[] = Array.from({ length }, () => []);
      for (let count = 0; count < length; count++) {
        const place = reversed ? length - 1 - count : count;
        state = state.map(
          (number, index) =>
            number * decay![place * size + index]! +
            fresh![place * size + index]! * factor![index]!,
        );
        all[place] = state;
      }
      expect(largestError(run.output('state'), state)).toBeLessThan(1e-6);
      expect(largestError(run.output('all'), all.flat())).toBeLessThan(1e-6);
      expect(
        largestError(
          run.output('squares'),
          all.flat().map((number) => number * number),
        ),
      ).toBeLessThan(1e-5);
      const total = run.numbers('total').map((number) => number * (1 + length));
      expect(largestError(run.output('sum'), total)).toBeLessThan(1e-5);
    },
  );

  it('counts the arithmetic of a step once for every entry', () => {
    const g = new GraphBuilder();
    const rows = g.input('rows', 'float32', ['sequence', 2, 4]);
    const state = g.input('state', 'float32', [4, 4]);
    g.scope('layer', () =>
      scan(g, { states: [state], slices: [rows] }, ([before], [row]) => ({
        states: [before!],
        outputs: [matmul(g, row!, before!)],
      })),
    );
    expect(g.finish().work).toEqual([
      { scope: 'layer/step', multiplyAdds: 2 * 4 * 4, dims: ['sequence'] },
    ]);
  });

  it('goes through sequences of one length, and hands on what it was given', () => {
    const g = new GraphBuilder();
    const [long, short] = [g.input('long', 'float32', [5, 2]), g.input('short', 'float32', [4, 2])];
    const state = g.input('state', 'float32', [1]);
    expect(() =>
      scan(g, { states: [], slices: [long, short] }, () => ({ states: [], outputs: [] })),
    ).toThrow('sequences of one length');
    expect(() =>
      scan(g, { states: [state], slices: [long] }, (_, [entry]) => ({
        states: [entry!],
        outputs: [],
      })),
    ).toThrow('does not hand on "state" as it was given');
  });

  it('has no operator of constants alone in its step, which would not load again', () => {
    const g = new GraphBuilder();
    const rows = g.input('rows', 'float32', [5, 2]);
    const two = g.constant('float32', [2], [1, 2]);
    const step = () => ({ states: [], outputs: [multiply(g, two, two)] });
    expect(() => scan(g, { states: [], slices: [rows] }, step)).toThrow('follows from constants');
  });
});
