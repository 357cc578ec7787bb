/** Which ONNX graphs of a plan are exported, each under which name. Pure. */
import type { LanguageModelStep } from '../node/host-step.ts';
import type { StageModel } from '../onnx/model.ts';
import type { Plan, Stage } from '../plan/plan.ts';

export interface ExportedGraph {
  /** Names of files begin so; no two agree, whatever a system makes of capitals. */
  readonly stem: string;
  readonly title: string;
  readonly node: string;
  readonly model: StageModel;
}

/** Of one stage: its graph, or those of a language model and of its draft. */
export interface StageGraphs {
  readonly own?: ExportedGraph;
  readonly embed?: ExportedGraph;
  readonly decoder?: ExportedGraph;
  readonly prefill?: ExportedGraph;
  readonly draftEmbed?: ExportedGraph;
  readonly draftDecoder?: ExportedGraph;
}

export const modelFile = ({ stem }: ExportedGraph): string => `${stem}.onnx`;

/** Null where a graph has no weights. */
export const weightsFile = ({ stem, model }: ExportedGraph): string | null =>
  model.weights.length > 0 ? `${stem}.weights.bin` : null;

/** By stage, in running order. */
export function graphsByStage({ stages }: Plan): ReadonlyMap<string, StageGraphs> {
  const taken = new Set<string>();
  return new Map(
    stages.map((stage) => {
      const stem = freeStem(stage.id, taken);
      return [stage.id, graphsOf(stage, stem)];
    }),
  );
}

/** In running order. */
export const exportedGraphs = (
  byStage: ReturnType<typeof graphsByStage>,
): readonly ExportedGraph[] =>
  [...byStage.values()].flatMap((graphs) => Object.values(graphs) as ExportedGraph[]);

function graphsOf({ id: node, title, body }: Stage, stem: string): StageGraphs {
  if (body.kind === 'onnx') return { own: { stem, title, node, model: body.model } };
  if (body.step.kind !== 'generate') return {};
  return languageGraphs(body.step, { stem, title, node });
}

function languageGraphs(
  { graphs, decoding }: LanguageModelStep,
  { stem, title, node }: Omit<ExportedGraph, 'model'>,
): StageGraphs {
  const named = (name: string, of: string, model: StageModel): ExportedGraph => ({
    stem: `${stem}.${name}`,
    title: `${of} · ${name}`,
    node,
    model,
  });
  return {
    embed: named('embed', title, graphs.embed),
    decoder: named('decoder', title, graphs.decoder.model),
    ...(graphs.prefill && { prefill: named('prefill', title, graphs.prefill.model) }),
    ...(decoding.kind === 'draft' && {
      draftEmbed: named('draft.embed', title, decoding.graphs.embed),
      draftDecoder: named('draft.decoder', title, decoding.graphs.decoder.model),
    }),
  };
}

/** Names that Windows keeps for devices, whatever stands behind a dot. */
const reserved = /^(con|prn|aux|nul|com\d|lpt\d)$/i;

function freeStem(id: string, taken: Set<string>): string {
  let stem = reserved.test(id) ? `${id}-stage` : id;
  while (taken.has(stem.toLowerCase())) stem += '-2';
  taken.add(stem.toLowerCase());
  return stem;
}
