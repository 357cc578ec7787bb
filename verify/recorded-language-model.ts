/** A language model of a recorded case: its graphs with the case's weights, and greedy decoding over them. */
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import type { BoundaryPart } from '#engine/node/part.ts';
import type { DecoderArchitecture } from '#nodes/language/decoder-architecture.ts';
import { decoderGraphs, emitDecoder } from '#nodes/language/decoder-graph.ts';
import { decoderKeyLayouts } from '#nodes/language/decoder-names.ts';
import { LanguageModel } from '#host/language/language-model.ts';
import { nextToken } from '#host/language/sampling.ts';
import { float32, type Tensor, type TensorMap } from '#host/sessions/sessions.ts';
import type { Workbench } from './workbench.ts';

export interface RecordedLanguageModel {
  readonly architecture: DecoderArchitecture;
  readonly folder: string;
  readonly boundaries?: readonly BoundaryPart[];
  /** Inner values wanted as outputs `tap.<name>`. */
  readonly taps: readonly string[];
}

export async function openLanguageModel(
  { architecture, folder, boundaries = [], taps }: RecordedLanguageModel,
  workbench: Workbench,
): Promise<Outcome<LanguageModel>> {
  const source = { kind: 'checkpoint', folder } as const;
  const setting = { origin: { node: 'case', source, layouts: decoderKeyLayouts }, blocks: null };
  const graph = (emit: (g: GraphBuilder) => void) => {
    const g = new GraphBuilder();
    g.weightsFrom(setting, () => emit(g));
    return g.finish();
  };
  const plain = decoderGraphs(architecture, { boundaries }, graph);
  const model = graph((g) => {
    emitDecoder(g, architecture, { boundaries });
    for (const name of taps) g.output(`tap.${name}`, g.tapped(name));
  });
  const graphs = { ...plain, decoder: { ...plain.decoder, model } };
  const embed = await workbench.session(graphs.embed);
  if (!embed.ok) return embed;
  const decoder = await workbench.session(model);
  if (!decoder.ok) return decoder;
  return ok(new LanguageModel(graphs, boundaries, embed.value, decoder.value));
}

/** The outputs of a prompt that was read in pieces, put together along their places. [1, T, ..] each */
export function joinPieces(pieces: readonly TensorMap[]): TensorMap {
  const [first = {}, ...others] = pieces;
  if (others.length === 0) return first;
  return Object.fromEntries(
    Object.keys(first).map((name) => {
      const tensors = pieces.map((piece) => piece[name] as Tensor);
      const data = tensors.flatMap((tensor) => Array.from(tensor.data as Float32Array));
      const [one = 1, , ...rest] = (tensors[0] as Tensor).dims;
      const places = tensors.reduce((sum, { dims }) => sum + (dims[1] ?? 0), 0);
      return [name, float32(Float32Array.from(data), [one, places, ...rest])];
    }),
  );
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
    if (step + 1 < count) current = await model.extend([ids[step] as number], 'last', count - step);
  }
  return { ids, logits };
}
