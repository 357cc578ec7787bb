/** What the manifest says of exported graphs: stages, wires, tensors, what Patchbay does between them. Pure. */
import type { Json } from '../contract/document.ts';
import type {
  ExportedModel,
  ExportedStage,
  ExportedTensor,
  ExportManifest,
} from '../contract/model-export.ts';
import {
  cachedType,
  newName,
  pastName,
  type LanguageGraphs,
  type StateTensor,
} from '../node/decoder-protocol.ts';
import type { HostStep, LanguageModelStep } from '../node/host-step.ts';
import { irVersion, opsetVersions } from '../onnx/model.ts';
import type { Value } from '../onnx/value.ts';
import { factPrefix, inputPrefix, outputPrefix } from '../plan/node-body.ts';
import type { Plan, Stage } from '../plan/plan.ts';
import { shownPrefix, unseenInput } from '../plan/shown-outputs.ts';
import {
  modelFile,
  weightsFile,
  type ExportedGraph,
  type graphsByStage,
  type StageGraphs,
} from './exported-graphs.ts';

const protocol = 'docs/architecture.md, "The protocol of a language model"';

interface Versions {
  readonly patchbay: string;
  readonly onnxRuntime: string;
}

export function exportManifest(
  graph: string,
  { stages }: Plan,
  graphs: ReturnType<typeof graphsByStage>,
  { patchbay, onnxRuntime }: Versions,
  files: ExportManifest['files'],
): ExportManifest {
  return {
    format: 'patchbay-onnx',
    version: 1,
    graph,
    patchbay,
    onnx: { irVersion, opsets: opsetVersions, onnxRuntime },
    stages: stages.map((stage) => describeStage(stage, graphs.get(stage.id) ?? {})),
    files,
  };
}

function describeStage(stage: Stage, graphs: StageGraphs): ExportedStage {
  const { id, type, title, precision, weights, inputs, body } = stage;
  return {
    id,
    type,
    title,
    precision,
    weights,
    inputs,
    body:
      body.kind === 'onnx'
        ? {
            kind: 'onnx',
            model: describeModel(graphs.own as ExportedGraph, portMeaning),
            runsBy: body.runsBy,
          }
        : describeStep(body.step, graphs),
  };
}

function describeStep(step: HostStep, graphs: StageGraphs): ExportedStage['body'] {
  if (step.kind !== 'generate') return { kind: 'step', step: step.kind, facts: stepFacts(step) };
  const { decoding, boundaries, template, pictureLayout } = step;
  const { embed, decoder, prefill = null, draftEmbed, draftDecoder } = graphs;
  return {
    kind: 'language-model',
    ...describeLanguage(step.graphs, {
      embed: embed as ExportedGraph,
      decoder: decoder as ExportedGraph,
      prefill,
    }),
    protocol,
    decoding: decoding.kind,
    draft:
      decoding.kind === 'draft'
        ? describeLanguage(decoding.graphs, {
            embed: draftEmbed as ExportedGraph,
            decoder: draftDecoder as ExportedGraph,
            prefill: null,
          })
        : null,
    boundaries: boundaries.map(({ kind, layer }) => ({ kind, layer })),
    template,
    pictureLayout: pictureLayout as unknown as Json,
  };
}

type LanguagePair = NonNullable<
  Extract<ExportedStage['body'], { kind: 'language-model' }>['draft']
>;

interface NamedGraphs {
  readonly embed: ExportedGraph;
  readonly decoder: ExportedGraph;
  readonly prefill: ExportedGraph | null;
}

function describeLanguage(
  { hiddenSize, vocabularySize, contextLength, decoder: graph }: LanguageGraphs,
  { embed, decoder, prefill }: NamedGraphs,
): LanguagePair {
  const carried = new Set(graph.state.flatMap((tensor) => [pastName(tensor), newName(tensor)]));
  const factsOf = (name: string): TensorFacts => {
    if (name.startsWith(shownPrefix)) return protocolFacts('shown');
    return protocolFacts(carried.has(name) ? 'state' : 'protocol');
  };
  return {
    embed: describeModel(embed, () => protocolFacts('protocol')),
    decoder: describeModel(decoder, factsOf),
    prefill: prefill && describeModel(prefill, factsOf),
    hiddenSize,
    vocabularySize,
    contextLength,
    segments: graph.segments,
    state: graph.state.map(describeState),
  };
}

function describeState(tensor: StateTensor): LanguagePair['state'][number] {
  if (tensor.kind === 'recurrent') return tensor;
  const { kind, name, heads, size, segment, window = null } = tensor;
  return { kind, name, type: cachedType(tensor), heads, size, segment, window };
}

type TensorFacts = Pick<ExportedTensor, 'meaning' | 'port' | 'wire'>;

function describeModel(
  graph: ExportedGraph,
  factsOf: (name: string) => TensorFacts,
): ExportedModel {
  const describe = ({ name, type, shape }: Value): ExportedTensor => ({
    name,
    type,
    shape,
    ...factsOf(name),
  });
  return {
    file: modelFile(graph),
    weightsFile: weightsFile(graph),
    inputs: graph.model.inputs.map(describe),
    outputs: graph.model.outputs.map(describe),
  };
}

const protocolFacts = (meaning: ExportedTensor['meaning']): TensorFacts => ({
  meaning,
  port: null,
  wire: null,
});

/** `in.tokens.1` is what the second wire of the port brings, `in.keys.query` one of two tensors of its only one. */
function portMeaning(name: string): TensorFacts {
  if (name === unseenInput) return protocolFacts('unseen');
  if (name.startsWith(shownPrefix)) return protocolFacts('shown');
  if (name.startsWith(factPrefix)) return protocolFacts('fact');
  const prefix = name.startsWith(inputPrefix) ? inputPrefix : outputPrefix;
  const [port = '', place = ''] = name.slice(prefix.length).split('.');
  return { meaning: 'port', port, wire: /^\d+$/.test(place) ? Number(place) : null };
}

/** Its figures; not which picture, clip or text it is given. */
function stepFacts(step: Exclude<HostStep, LanguageModelStep>): Json {
  switch (step.kind) {
    case 'preprocess':
    case 'tile':
      return step.recipe as unknown as Json;
    case 'load-clip':
      return { frames: step.frames };
    case 'tokenise': {
      const { maxTokens, specialTokens, vocabularySize } = step;
      return { maxTokens, specialTokens, vocabularySize };
    }
    case 'read-text': {
      const { kind: _, ...facts } = step;
      return facts;
    }
    case 'load-image':
    case 'give-text':
    case 'show-answer':
      return {};
  }
}
