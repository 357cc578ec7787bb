/** The example of CONTRIBUTING.md is a node that runs, and what the page shows of it is the file. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { knownCount } from '#engine/node/wire.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { writeKnownWeights } from '#host/weights/known-weights.testing.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { largestError } from '../slow-formulas.testing.ts';
import { exampleGate } from './example-gate.testing.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

test('gates a linear map of every token', async () => {
  const folder = await bench.newFolder();
  const weights = { kind: 'checkpoint', folder } as const;
  const [count, from, to] = [5, 6, 4];
  const single = {
    definition: exampleGate,
    params: { outputWidth: to, weights },
    inputs: {
      tokens: {
        kind: 'tokens',
        count: knownCount(count),
        channels: from,
        prefixTokens: 0,
        grid: null,
      },
    },
  } as const;
  const { model } = valueOf(buildSingleNode(single));
  const known = await writeKnownWeights(folder, [model], 1);
  const x = normalNumbers(count * from, 2);
  const { tokens } = await bench.runNode(single, { tokens: float32(x, [1, count, from]) });

  // The formula, one number at a time.
  const numbers = (name: string) => known.get(name)?.data ?? new Float32Array(0);
  const mapped = (name: string, token: number, channel: number) => {
    let sum = numbers(`${name}.bias`)[channel] ?? 0;
    for (let input = 0; input < from; input++)
      sum += numbers(`${name}.weight`)[channel * from + input]! * x[token * from + input]!;
    return sum;
  };
  const expected = Array.from({ length: count * to }, (_, index) => {
    const [token, channel] = [Math.floor(index / to), index % to];
    return mapped('map', token, channel) / (1 + Math.exp(-mapped('gate', token, channel)));
  });
  expect(largestError(floatsOf(tokens), expected)).toBeLessThan(1e-5);
});

test('is what CONTRIBUTING.md shows', async () => {
  const project = join(import.meta.dirname, '../..');
  const page = await readFile(join(project, 'CONTRIBUTING.md'), 'utf8');
  const file = await readFile(join(import.meta.dirname, 'example-gate.testing.ts'), 'utf8');
  expect(/```ts\n(.*?)```/s.exec(page)?.[1]).toBe(file);
});
