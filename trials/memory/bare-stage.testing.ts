/** What a stage of a graph takes alone: its graph, out of the cache, run by a process that does nothing else. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { GraphDocument } from '#engine/contract/document.ts';
import { ok } from '#engine/contract/outcome.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { decoderInput } from '#engine/node/decoder-protocol.ts';
import { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import type { StageModel } from '#engine/onnx/model.ts';
import { matmul } from '#engine/onnx/operators.ts';
import { bindDim, type DimBindings } from '#engine/onnx/value.ts';
import { planGraph } from '#engine/plan/plan.ts';
import { StageCache } from '#host/cache/stage-cache.ts';
import { ModelLoader } from '#host/sessions/load-model.ts';
import { threadCount } from '#host/system/machine.ts';
import { catalogue } from '#nodes/index.ts';
import { valueOf } from '#verify/value-of.testing.ts';

/** A node, and how many tokens it reads where it is a language model. */
export interface WantedStage {
  readonly document: GraphDocument;
  readonly node: string;
  readonly tokens: number;
}

/** The highest resident memory of a run of the stage, which a run of the graph has left in the cache. */
export async function barePeakBytes(wanted: WantedStage, cacheFolder: string): Promise<number> {
  const cache = valueOf(await StageCache.open(cacheFolder));
  const loader = new ModelLoader(cache);
  const product = { model: smallProduct(), dims: {} };
  valueOf(await loader.load({ ...requestOf(product), title: 'Product' }));
  const bare = async (graph: Graph) => {
    const key = valueOf(await loader.identify(requestOf(graph)));
    const entry = await cache.find(key);
    if (entry.state !== 'complete') throw new Error('A graph that was run is not in the cache.');
    return { path: join(entry.folder, 'ready.onnx'), feeds: feedsOf(graph, wanted.tokens) };
  };
  const [library, stage] = [await bare(product), await bare(graphOf(wanted))];
  await loader.keepOnly(new Set());
  const request = JSON.stringify({ library, stage, threads: threadCount });
  const program = join(import.meta.dirname, 'bare-stage.testing.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [program, request]);
  return Number(stdout);
}

function smallProduct(): StageModel {
  const g = new GraphBuilder();
  const square = g.input('square', 'float32', [8, 8]);
  g.output('product', matmul(g, square, square));
  return g.finish();
}

interface Graph {
  readonly model: StageModel;
  readonly dims: DimBindings;
}

const requestOf = ({ model }: Graph) => ({
  model,
  threads: threadCount,
  baseFolder: '.',
  progress: { tell: () => Promise.resolve(ok(null)), warn: () => undefined },
});

const feedsOf = ({ model, dims }: Graph, tokens: number) =>
  model.inputs.map(({ name, type, shape }) => ({
    name,
    type,
    dims: shape.map((dim) => bindDim(dim, dims)),
    value: valueFor(name, tokens),
  }));

function graphOf({ document, node, tokens }: WantedStage): Graph {
  const plan = valueOf(planGraph(checkGraph(document, catalogue), { until: node }));
  const body = plan.stages.find(({ id }) => id === node)?.body;
  if (body?.kind === 'onnx') return { model: body.model, dims: body.dims() };
  if (body?.step.kind !== 'generate') throw new Error(`"${node}" runs no graph.`);
  const { decoder } = body.step.graphs;
  return {
    model: decoder.model,
    dims: decoder.dims([{ fresh: tokens, visual: 0, cached: 0 }]),
  };
}

/** What a decoder is told when it reads a prompt at once; null for numbers that do not matter, or that count up. */
function valueFor(name: string, tokens: number): number | null {
  if (name === decoderInput.logitRows || name === decoderInput.reach) return tokens - 1;
  if (name === decoderInput.fused || name === decoderInput.throughout) return 1;
  return name === decoderInput.positions ? null : 0;
}
