/** Latents that look at a picture and at one another. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { countFlops, countParameters } from '#engine/estimate/model-cost.ts';
import {
  attend,
  largestError,
  layerNorm,
  linear,
  relu,
  toRows,
  type Rows,
} from '#nodes/slow-formulas.testing.ts';
import { BlockBench, type RunBlock } from '#verify/block-bench.testing.ts';
import type { GraphBuilder } from '../graph-builder.ts';
import { noneBiased, separateProjections } from './attention-projections.ts';
import { plainFeedForward } from './feed-forward.ts';
import { linearWeights } from './linear.ts';
import { perceive, type PerceiverLayer } from './perceiver.ts';

let bench: BlockBench;
beforeAll(async () => {
  bench = await BlockBench.open();
});
afterAll(() => bench.close());

const [pictures, tokens, latentCount, hiddenSize] = [2, 5, 3, 8];
const [headCount, headSize, feedForwardSize, layerCount] = [2, 3, 10, 2];
const inner = headCount * headSize;
const epsilon = 1e-5;

function layer(g: GraphBuilder, index: number): PerceiverLayer {
  const heads = { hiddenSize, headCount, headSize };
  const own = (name: string) => `${index}.${name}`;
  return {
    contextNorm: own('context'),
    latentsNorm: own('latents'),
    feedForwardNorm: own('between'),
    attention: {
      ...heads,
      projections: separateProjections(
        g,
        { query: own('q'), key: own('k'), value: own('v') },
        heads,
        noneBiased,
      ),
      output: linearWeights(g, own('o'), { inputs: inner, outputs: hiddenSize, bias: false }),
    },
    feedForward: (builder, normed) =>
      plainFeedForward(
        builder,
        normed,
        { up: own('up'), down: own('down') },
        { hiddenSize, feedForwardSize, activation: 'relu', bias: false },
      ),
  };
}

const run = (count: number | string): Promise<RunBlock> =>
  bench.run({ context: [pictures, tokens, hiddenSize] }, (g, { context }) => ({
    perceived: perceive(
      g,
      { ...context, shape: [pictures, count, hiddenSize] },
      {
        latents: 'learned',
        latentCount,
        layers: Array.from({ length: layerCount }, (_, index) => layer(g, index)),
        finalNorm: 'final',
        norm: { kind: 'layer', epsilon },
      },
    ),
  }));

/** The formula of the paper, for one picture. */
function perceivedSlowly({ numbers }: RunBlock, context: Rows): Rows {
  const normed = (rows: Rows, name: string) =>
    layerNorm(rows, numbers(`${name}.weight`), numbers(`${name}.bias`), epsilon);
  const product = (rows: Rows, name: string) =>
    linear(rows, toRows(numbers(`${name}.weight`), rows[0]?.length ?? 0));
  const plus = (a: Rows, b: Rows) => a.map((row, at) => row.map((x, each) => x + b[at]![each]!));
  let latents = toRows(numbers('learned'), hiddenSize);
  for (let index = 0; index < layerCount; index++) {
    const own = normed(latents, `${index}.latents`);
    const memory = [...normed(context, `${index}.context`), ...own];
    const mixed = attend(
      product(own, `${index}.q`),
      product(memory, `${index}.k`),
      product(memory, `${index}.v`),
      headCount,
    );
    latents = plus(latents, product(mixed, `${index}.o`));
    const up = product(normed(latents, `${index}.between`), `${index}.up`);
    const active = up.map((row) => row.map(relu));
    latents = plus(latents, product(active, `${index}.down`));
  }
  return normed(latents, 'final');
}

it.each([tokens, 'count'])('are the formula, for %s tokens of each picture', async (count) => {
  const ran = await run(count);
  const rows = toRows(ran.numbers('context'), hiddenSize);
  const expected = [0, 1].flatMap((picture) =>
    perceivedSlowly(ran, rows.slice(picture * tokens, (picture + 1) * tokens)),
  );
  expect(ran.shapes['perceived']).toEqual([pictures, latentCount, hiddenSize]);
  expect(largestError(ran.output('perceived'), expected.flat())).toBeLessThan(5e-6);
});

it('are counted: what every latent and every key costs', async () => {
  const { model } = await run(tokens);
  const keys = tokens + latentCount;
  const perLayer =
    latentCount * hiddenSize * inner +
    2 * keys * hiddenSize * inner +
    2 * latentCount * keys * inner +
    latentCount * inner * hiddenSize +
    2 * latentCount * hiddenSize * feedForwardSize;
  expect(countFlops(model, {})).toBe(2 * pictures * layerCount * perLayer);
  const matrices = 4 * hiddenSize * inner + 2 * hiddenSize * feedForwardSize;
  const norms = 3 * 2 * hiddenSize;
  expect(countParameters([model])).toBe(
    layerCount * (matrices + norms) + latentCount * hiddenSize + 2 * hiddenSize,
  );
});
