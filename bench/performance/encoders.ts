/** Encoders in 8 bits beside float32 and beside ONNX Runtime's own form; float32 ones beside their bare products. */
import { join } from 'node:path';
import type { GraphDocument, Json } from '#engine/contract/document.ts';
import { median } from '#engine/profile/statistics.ts';
import type { LocalHost } from '#host/local-host.ts';
import { medianRatio } from '../language/rounds.ts';
import { BareProcess } from '../vision/bare-client.ts';
import { encoderGraph } from '../vision/encoders.ts';
import { NotMeasured, onnxStageOf, planOf, runGraph, withEngine } from '../engine/run-graph.ts';
import { graphProducts } from './graph-products.ts';
import { havePython, peersFolder } from './install.ts';
import { PeerProgram, type Had } from './peer-program.ts';
import { inTemporaryFolder } from './temporary-folder.ts';

/** Towers of the presets, each at its default size. */
export const boundedEncoders = [
  'encoder/clip-vit',
  'encoder/siglip',
  'encoder/dinov2',
  'encoder/eva02',
  'encoder/vit',
] as const;

const clip: Readonly<Record<string, Json>> = { model: 'vit-l14-336', featureLayer: -2 };

/** So long a side, or so many passes where one takes longer. */
const turnMs = 1000;
const fewestPasses = 2;

export interface MeasuredRounding {
  readonly float32Ms: readonly number[];
  readonly w8a8Ms: readonly number[];
  readonly quantised: { readonly latenciesMs: readonly number[] } | { readonly reason: string };
}

/** CLIP ViT-L/14 at 336 pixels. */
export function measureRounding(rounds: number): Promise<MeasuredRounding> {
  return inTemporaryFolder((folder) =>
    withEngine(async (host) => {
      const plain = encoderWith({ ...clip, precision: 'float32' });
      const rounded = encoderWith({ ...clip, precision: 'w8a8' });
      const file = await quantisedForm(host, plain, folder);
      const bare = new BareProcess();
      const measured = { float32Ms: [] as number[], w8a8Ms: [] as number[] };
      const quantisedMs: number[] = [];
      const turns = [
        async () => measured.float32Ms.push(await encode(host, plain)),
        async () => measured.w8a8Ms.push(await encode(host, rounded)),
        async () => {
          if ('peer' in file) quantisedMs.push(median(await bare.file(file.peer, turnMs)));
        },
      ];
      try {
        await interleave(turns, rounds, () => {
          measured.float32Ms.length = 0;
          measured.w8a8Ms.length = 0;
          quantisedMs.length = 0;
        });
      } finally {
        bare.close();
      }
      const quantised = 'peer' in file ? { latenciesMs: quantisedMs } : file;
      return { ...measured, quantised };
    }),
  );
}

export interface MeasuredBound {
  readonly type: string;
  readonly latencyMs: number;
  readonly boundMs: number;
  /** The median of each round's own. */
  readonly ratio: number;
}

/** The encoder at its default size, and each of its products alone. */
export function measureBound(type: string, rounds: number): Promise<MeasuredBound> {
  return withEngine(async (host) => {
    const document = encoderGraph(type);
    const { model, dims } = onnxStageOf(planOf(document, 'encoder'), 'encoder').body;
    const products = graphProducts(model, dims());
    const bare = new BareProcess();
    const latencies: number[] = [];
    const bounds: number[] = [];
    const turns = [
      async () => latencies.push(await encode(host, document)),
      async () => {
        let boundMs = 0;
        for (const { product, count } of products)
          boundMs += count * median(await bare.product(product, turnMs / products.length));
        bounds.push(boundMs);
      },
    ];
    try {
      await interleave(turns, rounds, () => {
        latencies.length = 0;
        bounds.length = 0;
      });
    } finally {
      bare.close();
    }
    const ratio = medianRatio(latencies, bounds);
    return { type, latencyMs: median(latencies), boundMs: median(bounds), ratio };
  });
}

/** What comes first builds, loads and warms up, and is forgotten; then all take turns, each first in turn. */
async function interleave(
  turns: readonly (() => Promise<unknown>)[],
  rounds: number,
  forget: () => void,
): Promise<void> {
  for (const turn of turns) await turn();
  forget();
  for (let round = 0; round < rounds; round++)
    for (const index of turns.keys()) await turns[(index + round) % turns.length]?.();
}

const encoderWith = (params: Readonly<Record<string, Json>>): GraphDocument => {
  const document = encoderGraph('encoder/clip-vit');
  const encoder = document.nodes['encoder'];
  if (!encoder) throw new Error('There is no encoder.');
  return { ...document, nodes: { ...document.nodes, encoder: { ...encoder, params } } };
};

/** Milliseconds of the encoder's stage, the median of some passes. */
async function encode(host: LocalHost, document: GraphDocument): Promise<number> {
  const once = async (runs: number): Promise<number> => {
    const { stages } = await runGraph(host, { document, until: 'encoder', runs });
    const stage = stages.find(({ id }) => id === 'encoder');
    if (!stage) throw new Error('The run has no encoder.');
    return stage.latencyMs.median;
  };
  const firstMs = await once(1);
  return once(Math.max(fewestPasses, Math.ceil(turnMs / firstMs)));
}

/** The float32 graph as it is exported, quantised by ONNX Runtime's own program; gives the file. */
async function quantisedForm(
  host: LocalHost,
  document: GraphDocument,
  folder: string,
): Promise<Had<string>> {
  const python = await havePython('onnxruntime.txt');
  if ('reason' in python) return python;
  const exported = join(folder, 'float32');
  const started = await host.startExport({ document, folder: exported });
  if (!started.ok) throw new NotMeasured(started.problems[0]?.message);
  for await (const { event } of host.runEvents(started.value.runId, -1))
    if (event.type === 'run-failed') throw new NotMeasured(event.problems[0]?.message);
  const program = new PeerProgram(python.peer, [join(peersFolder, 'quantise_dynamic.py')]);
  try {
    const path = join(folder, 'quantised.onnx');
    const from = join(exported, 'encoder.onnx');
    await program.ask({ kind: 'quantise', from_path: from, to_path: path });
    return { peer: path };
  } catch (cause) {
    if (!(cause instanceof NotMeasured)) throw cause;
    return { reason: `it could not quantise (${cause.message})` };
  } finally {
    await program.close();
  }
}
