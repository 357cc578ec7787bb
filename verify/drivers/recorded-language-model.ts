/** The language model of a recorded case, as the node declares it, and greedy decoding over it. */
import type { JsonObject } from '#engine/contract/config-files.ts';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { newName } from '#engine/node/decoder-protocol.ts';
import { checkGraph, type CheckedNode } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { bodyContext } from '#engine/plan/node-body.ts';
import type { LanguageModelStep } from '#engine/node/host-step.ts';
import { LanguageModel } from '#host/language/language-model.ts';
import { largest } from '#host/language/sampling.ts';
import { float32, type Tensor, type TensorMap } from '#host/sessions/sessions.ts';
import { catalogue } from '#nodes/index.ts';
import type { Workbench } from '../workbench.ts';

interface NodeSketch {
  readonly type: string;
  readonly params: JsonObject;
}

export interface RecordedLanguageModel {
  readonly language: NodeSketch;
  /** What is plugged in, by port. */
  readonly parts: Readonly<Record<string, NodeSketch>>;
  /** Inner values wanted as outputs `tap.<name>`. */
  readonly taps: readonly string[];
}

export interface OpenLanguageModel {
  readonly model: LanguageModel;
  readonly vocabularySize: number;
  readonly hiddenSize: number;
  /** The segment of each layer that keeps keys and values. */
  readonly layerSegments: readonly number[];
  /** What recurrent layers remember now, as the graph calls what it hands on. */
  readonly remembered: () => TensorMap;
}

export async function openLanguageModel(
  wanted: RecordedLanguageModel,
  workbench: Workbench,
): Promise<Outcome<OpenLanguageModel>> {
  const step = stepOf(wanted);
  if (!step.ok) return step;
  const { graphs, boundaries } = step.value;
  const embed = await workbench.session(graphs.embed);
  if (!embed.ok) return embed;
  const decoder = await workbench.session(graphs.decoder.model);
  if (!decoder.ok) return decoder;
  const { vocabularySize, hiddenSize } = graphs;
  const model = new LanguageModel(graphs, boundaries, embed.value, decoder.value);
  const keyValues = graphs.decoder.state.filter((tensor) => tensor.kind === 'key-value');
  const layerSegments = keyValues
    .filter(({ name }) => name.endsWith('.key'))
    .map(({ segment }) => segment);
  const recurrent = graphs.decoder.state.filter((tensor) => tensor.kind === 'recurrent');
  const remembered = (): TensorMap => {
    const held = model.mark().recurrent;
    return Object.fromEntries(
      recurrent.map((tensor, index) => [newName(tensor), held[index] as Tensor]),
    );
  };
  return ok({ model, vocabularySize, hiddenSize, layerSegments, remembered });
}

/** What the node says that the host does, with the wanted inner values of its graphs as outputs. */
function stepOf({ language, parts, taps }: RecordedLanguageModel): Outcome<LanguageModelStep> {
  const sketches = Object.entries(parts).map(
    ([port, { type, params }]) => [port, [type, params]] as const,
  );
  const document = sketchDocument(
    {
      prompt: ['input/prompt', { text: 'recorded' }],
      language: [language.type, language.params],
      ...Object.fromEntries(sketches),
    },
    [
      'prompt.text > language.prompt',
      ...sketches.map(([port]) => `${port}.part > language.${port}`),
    ],
  );
  const checked = checkGraph(document, catalogue);
  const errors = checked.problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) return fail(...errors);
  const node = checked.nodes['language'] as CheckedNode;
  const context = bodyContext(checked, node);
  const body = node.definition?.body;
  if (body?.kind !== 'host') throw new Error(`"${language.type}" is no language model.`);
  const step = body.step({
    ...context,
    newGraph: (emit) =>
      context.newGraph((g) => {
        emit(g);
        for (const name of taps)
          if (g.tapNames.includes(name)) g.output(`tap.${name}`, g.tapped(name));
      }),
  });
  if (step.kind !== 'generate') throw new Error(`"${language.type}" is no language model.`);
  return ok(step);
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

/** Goes on from the logits [V] of the prompt's last place; `next` gives those behind what is written, from the cache by itself. */
export async function continueGreedily(
  model: LanguageModel,
  firstLogits: Float32Array,
  count: number,
  next = (written: readonly number[]) => model.extend(written.slice(-1), 'last', count),
): Promise<GreedyContinuation> {
  const size = firstLogits.length;
  const logits = new Float32Array(count * size);
  const ids: number[] = [];
  let current = firstLogits;
  for (let step = 0; step < count; step++) {
    logits.set(current, step * size);
    ids.push(largest(current));
    if (step + 1 < count) current = await next(ids);
  }
  return { ids, logits };
}
