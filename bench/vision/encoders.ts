/** Every encoder at its default size, beside the product that it spends most on. */
import type { GraphDocument } from '#engine/contract/document.ts';
import { countParameters } from '#engine/estimate/model-cost.ts';
import { sketchDocument, type NodeSketch } from '#engine/graph/sketch-document.ts';
import type { AnyNodeDefinition } from '#engine/node/any-node-definition.ts';
import { median } from '#engine/profile/statistics.ts';
import { productFlops, type ProductShape } from '#host/calibration/measured-graphs.ts';
import { catalogue } from '#nodes/index.ts';
import { BareProcess, type OperatorShare } from './bare-client.ts';
import { dominantProduct } from './matrix-product.ts';
import { NotMeasured, onnxStageOf, planOf, runGraph, withEngine } from '../engine/run-graph.ts';

export interface MeasuredEncoder {
  readonly size: string;
  readonly visualTokens: number;
  readonly parameters: number;
  readonly latencyMs: number;
  readonly peakBytes: number;
  readonly flops: number;
  readonly product: ProductShape;
  readonly productFlopsPerSecond: number;
  /** Of the rate of the product. */
  readonly share: number;
  /** Where the time goes; only of an encoder below `leastShare`. */
  readonly operators: readonly OperatorShare[] | null;
}

/** An encoder that reaches less of the product's rate is looked into. */
export const leastShare = 0.55;
export const shownOperators = 5;

const rounds = 7;
/** Of an encoder that takes so long, fewer say as much. */
const slowMs = 10_000;
const slowRounds = 3;
/** Small encoders take several passes a round, and products are repeated, for so long. */
const roundMs = 500;
const mostPasses = 50;

export const encoderTypes = Object.keys(catalogue).filter((type) => type.startsWith('encoder/'));

const picture: NodeSketch = ['input/image', { source: { kind: 'sample', name: 'landscape-lake' } }];

/** A picture, brought to the size that the encoder asks for, and the encoder; weights are random. */
export function encoderGraph(type: string): GraphDocument {
  if (type === 'encoder/monkey-vit') return windowsGraph(type);
  return sketchDocument({ image: picture, preprocess: ['vision/preprocess'], encoder: [type] }, [
    'image.image > preprocess.image',
    'preprocess.pixels > encoder.pixels',
  ]);
}

/** Monkey's tower sees four windows of the picture, each with its own adapter, and then the whole. */
const windowsGraph = (type: string): GraphDocument =>
  sketchDocument(
    {
      image: picture,
      preprocess: ['vision/preprocess', { size: 896 }],
      tiles: ['vision/scale-tiles', { scales: '2, 1' }],
      encoder: [type],
    },
    [
      'image.image > preprocess.image',
      'preprocess.pixels > tiles.pixels',
      'tiles.pixels > encoder.pixels',
    ],
  );

/** Throws `NotMeasured` with the reason. */
export async function measureEncoder(type: string): Promise<MeasuredEncoder> {
  const document = encoderGraph(type);
  const { model, dims } = onnxStageOf(planOf(document, 'encoder'), 'encoder').body;
  const product = dominantProduct(model, dims());
  if (!product) throw new NotMeasured('No matrix of weights is multiplied in it.');
  // Building leaves memory behind, so what counts is a process that found it built.
  await withEngine((host) => runGraph(host, { document, until: 'encoder', runs: 1 }));
  const bare = new BareProcess();
  try {
    const measured = await interleave(document, product, bare);
    const { latencyMs, flops, productMs } = measured;
    const productFlopsPerSecond = productFlops(product) / (productMs / 1000);
    const share = flops / (latencyMs / 1000) / productFlopsPerSecond;
    return {
      ...measured,
      size: defaultSize(type),
      parameters: countParameters([model]),
      product,
      productFlopsPerSecond,
      share,
      operators: share < leastShare ? await bare.profile(document, 'encoder') : null,
    };
  } finally {
    bare.close();
  }
}

/** Encoder and product in turn, each first as often as the other; medians of all. */
async function interleave(document: GraphDocument, product: ProductShape, bare: BareProcess) {
  return withEngine(async (host) => {
    const latenciesMs: number[] = [];
    const productsMs: number[] = [];
    let facts = { visualTokens: 0, flops: 0, peakBytes: 0 };
    const encode = async (runs: number): Promise<void> => {
      const report = await runGraph(host, { document, until: 'encoder', runs });
      const stage = report.stages.find(({ id }) => id === 'encoder');
      if (!stage) throw new Error('The run has no encoder.');
      latenciesMs.push(stage.latencyMs.median);
      const peakBytes = Math.max(facts.peakBytes, stage.memory.peakBytes);
      facts = { visualTokens: stage.tokensOut ?? 0, flops: stage.flops, peakBytes };
    };
    const multiply = async (): Promise<void> => {
      const all = await bare.product(product, roundMs);
      productsMs.push(median(all));
    };
    // What comes first loads and warms up; it is not counted.
    await encode(1);
    await multiply();
    const [firstMs = roundMs] = latenciesMs;
    const passes = Math.min(mostPasses, Math.ceil(roundMs / firstMs));
    const turns = firstMs > slowMs ? slowRounds : rounds;
    latenciesMs.length = 0;
    productsMs.length = 0;
    for (let round = 0; round < turns; round++) {
      if (round % 2 === 1) await multiply();
      await encode(passes);
      if (round % 2 === 0) await multiply();
    }
    const latencyMs = median(latenciesMs);
    return { ...facts, latencyMs, productMs: median(productsMs) };
  });
}

/** What the form calls the size that a new node has. */
function defaultSize(type: string): string {
  const { params }: AnyNodeDefinition = catalogue[type as keyof typeof catalogue];
  const model = params['model'];
  if (model?.kind !== 'choice') return '';
  return model.options.find(({ value }) => value === model.default)?.label ?? model.default;
}
