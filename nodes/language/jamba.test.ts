/** A Jamba carries keys and values of some layers and a state of the others, and both go on as one. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countParameters } from '#engine/estimate/model-cost.ts';
import type { LanguageGraphs } from '#engine/node/decoder-protocol.ts';
import { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { seededRandom } from '#engine/seeded-random.ts';
import { writeKnownWeights } from '#host/weights/known-weights.testing.ts';
import { NodeBench } from '#verify/node-bench.testing.ts';
import { openSmallDecoder } from '#verify/small-decoder.testing.ts';
import { config, refusal, taken } from '#verify/taking-config.testing.ts';
import { expectReturnToMark, expectSameInSteps } from '#verify/step-by-step.testing.ts';
import { catalogue } from '../index.ts';
import { jambaProblem, publishedJambas, type JambaArchitecture } from './jamba-architecture.ts';
import { jambaGraphs } from './jamba-graph.ts';
import { jambaKeyLayouts } from './jamba-names.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

/** Layer 1 attends, layers 0 and 2 have experts. */
const small: JambaArchitecture = {
  vocabularySize: 97,
  hiddenSize: 32,
  layerCount: 3,
  feedForwardSize: 40,
  contextLength: 4096,
  attentionPeriod: 3,
  attentionOffset: 1,
  headCount: 4,
  keyValueHeadCount: 2,
  expertPeriod: 2,
  expertOffset: 0,
  experts: 3,
  expertsPerToken: 2,
  innerSize: 64,
  stateSize: 6,
  kernelSize: 4,
  stepRank: 3,
  projectionBias: false,
  convolutionBias: true,
  normEpsilon: 1e-6,
  tiedEmbeddings: true,
};

function graphsOf(architecture: JambaArchitecture, folder: string): LanguageGraphs {
  const source = { kind: 'checkpoint', folder } as const;
  const layouts = jambaKeyLayouts(architecture.tiedEmbeddings);
  return jambaGraphs(architecture, (emit) => {
    const g = new GraphBuilder();
    g.weightsFrom({ origin: { node: 'jamba', source, layouts }, blocks: null }, () => emit(g));
    return g.finish();
  });
}

async function openJamba() {
  const folder = await bench.newFolder();
  const graphs = graphsOf(small, folder);
  await writeKnownWeights(folder, [graphs.embed, graphs.decoder.model], 3);
  return (await openSmallDecoder(bench, graphs)).model;
}

const random = seededRandom(7);
/** More than are read at once, so that a prompt of them is cut into pieces. */
const ids = Array.from({ length: 300 }, () => Math.floor(random() * small.vocabularySize));

it('reads a prompt in pieces, token by token and several at once with the same logits', async () => {
  const model = await openJamba();
  await expectSameInSteps({ model, ids, vocabularySize: small.vocabularySize });
});

it('goes back to a mark with its cache and its states alike', async () => {
  const model = await openJamba();
  await expectReturnToMark({ model, ids });
});

it('carries a cache of the layers that attend, which grows, and a state of the others, which does not', async () => {
  const model = await openJamba();
  await model.prefill(await model.embed(ids.slice(0, 50)), [], 250);
  const { recurrentBytes } = model.state;
  expect(recurrentBytes).toBe(4 * 2 * 64 * (6 + 3));
  await model.extend(ids.slice(50), 'last', 0);
  expect(model.state.recurrentBytes).toBe(recurrentBytes);
  expect(model.state.keyValueBytes).toBeGreaterThanOrEqual(4 * 300 * 2 * 2 * 8);
});

it('jamba-v0.1 has as many parameters as the shapes of its tensors multiply out to', () => {
  const { embed, decoder } = graphsOf(publishedJambas['jamba-v0.1'].architecture, '/nowhere');
  const [d, e, state, rank, inner] = [4096, 8192, 16, 256, 14_336];
  const mamba =
    d * 2 * e +
    e * 5 +
    e * (rank + 2 * state) +
    rank * e +
    e +
    e * state +
    e +
    e * d +
    rank +
    2 * state;
  const attention = 2 * d * d + 2 * d * 1024;
  const dense = 3 * d * inner;
  const experts = 16 * dense + 16 * d;
  const all = 28 * mamba + 4 * attention + 16 * dense + 16 * experts + 65 * d + 2 * 65_536 * d;
  expect(countParameters([embed, decoder.model])).toBe(all);
});

describe('the node', () => {
  const jamba = catalogue['language/jamba'];
  const published = { model_type: 'jamba', mamba_dt_rank: 256, sliding_window: null };

  it('takes a published configuration', () => {
    expect(taken(jamba, config(published))).toMatchObject({
      value: {
        params: { model: 'jamba-v0.1' },
        took: ['Jamba', '32 layers × 4096', '16 experts', '65536 tokens known'],
      },
    });
    expect(taken(jamba, config({ ...published, num_experts: 1 }))).toMatchObject({
      value: { params: { model: 'custom', experts: 1 } },
    });
    expect(refusal(jamba, config({ ...published, sliding_window: 512 }))).toMatch(/window/);
    expect(refusal(jamba, config({ model_type: 'mamba' }))).toMatch(/no Jamba but "mamba"/);
    expect(refusal(catalogue['language/mamba'], config(published))).toMatch(
      /choose the node "Jamba"/,
    );
  });

  it.each<[Partial<JambaArchitecture>, RegExp]>([
    [{ attentionOffset: 3 }, /None of the 3 layers attends/],
    [{ headCount: 5 }, /do not divide into 5 heads/],
    [{ keyValueHeadCount: 3 }, /do not divide into 3 groups/],
    [{ expertsPerToken: 4 }, /4 of 3 experts/],
  ])('says what is wrong with %j', (changed, sentence) => {
    expect(jambaProblem({ ...small, ...changed })?.message).toMatch(sentence);
  });
});
