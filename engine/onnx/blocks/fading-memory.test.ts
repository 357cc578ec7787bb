import { afterAll, beforeAll, expect, it } from 'vitest';
import { largestError } from '#nodes/slow-formulas.testing.ts';
import { BlockBench, type RunBlock } from '#verify/block-bench.testing.ts';
import { negate } from '../operators.ts';
import { fadingMemory } from './fading-memory.ts';

let bench: BlockBench;
beforeAll(async () => {
  bench = await BlockBench.open();
});
afterAll(() => bench.close());

/** Two sequences, three heads of 4 channels. */
const [count, heads, size] = [2, 3, 4];
const width = heads * size;

/** The recurrence number by number; the memory is [B][heads][d][d]. */
function remember({ numbers }: RunBlock, length: number) {
  const [query, key, value] = [numbers('query'), numbers('key'), numbers('value')];
  const bonus = numbers('bonus');
  const memory = [...numbers('past')];
  const output: number[] = [];
  for (let row = 0; row < count * length; row++) {
    for (let channel = 0; channel < width; channel++) {
      const head = Math.floor(channel / size);
      let read = 0;
      for (let entry = 0; entry < size; entry++) {
        const from = row * width + head * size + entry;
        const place =
          ((Math.floor(row / length) * heads + head) * size + entry) * size + (channel % size);
        const written = key[from]! * value[row * width + channel]!;
        read += query[from]! * (memory[place]! + bonus[head * size + entry]! * written);
        const decay = Math.exp(-Math.exp(numbers('rate')[from]!));
        memory[place] = decay * memory[place]! + written;
      }
      output.push(read);
    }
  }
  return { output, memory };
}

it.each([1, 2, 7])(
  'a fading memory of %d tokens is its recurrence from any state',
  async (length) => {
    const each = [count, length, width];
    const run = await bench.run(
      { query: each, key: each, value: each, rate: each, past: [count, heads, size, size] },
      (g, { past, rate, ...input }) => {
        const logDecay = negate(g, g.op('Exp', [rate], rate));
        const bonus = g.weight(g.tensor('bonus', [width], 'bias'));
        const { output, state } = fadingMemory(g, { ...input, logDecay, bonus }, past);
        return { output, state };
      },
    );
    const slow = remember(run, length);
    expect(largestError(run.output('output'), slow.output)).toBeLessThan(1e-5);
    expect(largestError(run.output('state'), slow.memory)).toBeLessThan(1e-5);
    expect(run.shapes).toEqual({ output: each, state: [count, heads, size, size] });
  },
);
