/** A language model of a recorded case: its graphs with the case's weights, and greedy decoding over them. */
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import type { AccelerationPart } from '#engine/graph/part.ts';
import type { DecoderArchitecture } from '#nodes/language/decoder-architecture.ts';
import { emitDecoder, emitEmbedding } from '#nodes/language/decoder-graph.ts';
import { decoderKeyLayouts } from '#nodes/language/decoder-names.ts';
import { LanguageModel } from '#host/runs/language-model.ts';
import { nextToken } from '#host/runs/sampling.ts';
import type { Workbench } from './workbench.ts';

export interface RecordedLanguageModel {
  readonly architecture: DecoderArchitecture;
  readonly folder: string;
  readonly acceleration?: AccelerationPart;
  /** Inner values wanted as outputs `tap.<name>`. */
  readonly taps: readonly string[];
}

export async function openLanguageModel(
  { architecture, folder, acceleration, taps }: RecordedLanguageModel,
  workbench: Workbench,
): Promise<Outcome<LanguageModel>> {
  const source = { kind: 'checkpoint', folder } as const;
  const setting = { origin: { node: 'case', source, layouts: decoderKeyLayouts }, blocks: null };
  const graph = (emit: (g: GraphBuilder) => void) => {
    const g = new GraphBuilder();
    g.weightsFrom(setting, () => emit(g));
    return g.finish();
  };
  const embed = await workbench.session(graph((g) => emitEmbedding(g, architecture)));
  if (!embed.ok) return embed;
  const decoder = await workbench.session(
    graph((g) => {
      emitDecoder(g, architecture, { acceleration });
      for (const name of taps) g.output(`tap.${name}`, g.tapped(name));
    }),
  );
  if (!decoder.ok) return decoder;
  const keyValues = {
    layerCount: architecture.layerCount,
    heads: architecture.keyValueHeadCount,
    size: architecture.headSize,
  };
  const shape = {
    keyValues,
    hiddenSize: architecture.hiddenSize,
    acceleration: acceleration ?? null,
  };
  return ok(new LanguageModel(shape, embed.value, decoder.value));
}

export interface GreedyContinuation {
  readonly ids: readonly number[];
  /** The logits each id was taken from, [count · V]. */
  readonly logits: Float32Array;
}

const greedy = {
  strategy: 'greedy',
  temperature: 1,
  topK: 0,
  topP: 1,
  seed: 0,
  maxNewTokens: 1,
  stopAtEndOfText: false,
} as const;

/** Goes on from the logits [V] of the prompt's last place. */
export async function continueGreedily(
  model: LanguageModel,
  firstLogits: Float32Array,
  count: number,
): Promise<GreedyContinuation> {
  const size = firstLogits.length;
  const logits = new Float32Array(count * size);
  const ids: number[] = [];
  let current = firstLogits;
  for (let step = 0; step < count; step++) {
    logits.set(current, step * size);
    ids.push(nextToken(current, greedy, Math.random));
    if (step + 1 < count) current = await model.decode(ids[step] as number, count - step);
  }
  return { ids, logits };
}
