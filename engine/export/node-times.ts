/**
 * What each node of the exported graphs took, as Google's Model Explorer reads "node data": by graph and node, values
 * that it colours the nodes by (github.com/google-ai-edge/model-explorer, node_data_builder.py). Pure.
 */
import type { GraphDocument } from '../contract/document.ts';
import type { Operator } from '../contract/operators.ts';
import { ok, type Outcome } from '../contract/outcome.ts';
import type { Report, StageReport } from '../contract/report.ts';
import { checkGraph } from '../graph/check.ts';
import type { Catalogue } from '../node/any-node-definition.ts';
import type { OnnxNode } from '../onnx/model.ts';
import { planGraph } from '../plan/plan.ts';
import { formatPercent } from '../profile/format-ratio.ts';
import { graphsByStage, type ExportedGraph, type StageGraphs } from './exported-graphs.ts';

export interface NodeTimes {
  /** JSON, by the names that exported graphs have: milliseconds of a pass, all phases together. */
  readonly text: string;
  /** Of the profiled time, what belongs to operators that ONNX Runtime put in, which no file holds. */
  readonly unplacedShare: number;
}

/** Of a profiled run of the document. */
export function nodeTimes(
  { stages, operators, options }: Report,
  document: GraphDocument,
  catalogue: Catalogue,
): Outcome<NodeTimes> {
  const until = options?.until;
  const plan = planGraph(checkGraph(document, catalogue), until === undefined ? {} : { until });
  if (!plan.ok) return plan;
  const byStage = graphsByStage(plan.value);
  const times = new Map<string, Map<string, number>>();
  let [allMs, unplacedMs] = [0, 0];
  for (const { stage: id, operators: own } of operators) {
    const stage = stages.find((each) => each.id === id);
    const graphs = stage ? graphsOfRow(stage, byStage.get(stage.node) ?? {}) : [];
    const named = graphs.map((graph) => ({ graph, keys: keysByName(graph.model.nodes) }));
    const profiledMs = own.reduce((sum, operator) => sum + operator.profiledMs, 0);
    // Times under the profiler are shares of what the row takes without it.
    const scale = profiledMs > 0 ? (stage?.latencyMs.median ?? 0) / profiledMs : 0;
    for (const operator of own) {
      const ms = operator.profiledMs * scale;
      allMs += ms;
      const place = placeOf(operator, named);
      if (!place) {
        unplacedMs += ms;
        continue;
      }
      const known = times.get(place.graph.stem) ?? new Map<string, number>();
      times.set(place.graph.stem, known);
      for (const key of place.keys) known.set(key, (known.get(key) ?? 0) + ms);
    }
  }
  const text = `${JSON.stringify(Object.fromEntries([...times].map(graphData)), null, 2)}\n`;
  return ok({ text, unplacedShare: allMs > 0 ? unplacedMs / allMs : 0 });
}

/** "4 % of the time …", for whoever saves them. */
export const unplacedSentence = (share: number): string =>
  `${formatPercent(share)} of the time went to operators that ONNX Runtime put in, which no exported file holds; they have no colour.`;

/** From what takes least to what takes most. */
const gradient = [
  { stop: 0, bgColor: '#ffffff' },
  { stop: 0.25, bgColor: '#f5d9ae' },
  { stop: 1, bgColor: '#c9780a' },
] as const;

function graphData([stem, values]: readonly [string, ReadonlyMap<string, number>]) {
  const results = [...values].map(([key, ms]) => [key, { value: Number(ms.toPrecision(4)) }]);
  return [stem, { results: Object.fromEntries(results) as unknown, gradient }] as const;
}

/** A draft's row tells of both of its graphs. */
function graphsOfRow({ phase }: StageReport, graphs: StageGraphs): readonly ExportedGraph[] {
  const { own, embed, decoder, prefill, draftEmbed, draftDecoder } = graphs;
  const of =
    phase === null
      ? [own]
      : phase === 'embed'
        ? [embed]
        : phase === 'draft' && draftDecoder
          ? [draftDecoder, draftEmbed]
          : [(phase === 'prefill' ? prefill : undefined) ?? decoder];
  return of.filter((graph) => graph !== undefined);
}

type Keys = ReadonlyMap<string, readonly string[]>;

interface NamedGraph {
  readonly graph: ExportedGraph;
  readonly keys: Keys;
}

/**
 * Under which keys a node's value stands: its name, and where it lies in the graph of a choice or a scan also what tools
 * call it that unfold these, "<outer node>/<attribute>/<name>".
 */
function keysByName(nodes: readonly OnnxNode[], within = ''): Map<string, readonly string[]> {
  const keys = new Map<string, readonly string[]>();
  for (const { name, attributes } of nodes) {
    const path = `${within}${name}`;
    keys.set(name, [...new Set([name, path])]);
    for (const [attribute, value] of Object.entries(attributes)) {
      if (!('graph' in value)) continue;
      for (const [inner, own] of keysByName(value.graph.nodes, `${path}/${attribute}/`))
        keys.set(inner, own);
    }
  }
  return keys;
}

/** Null where no graph has it, or two have. */
function placeOf(
  { name }: Operator,
  graphs: readonly NamedGraph[],
): { readonly graph: ExportedGraph; readonly keys: readonly string[] } | null {
  for (const candidate of namesBehind(name)) {
    const found = graphs.flatMap(({ graph, keys }) => {
      const own = keys.get(candidate);
      return own ? [{ graph, keys: own }] : [];
    });
    if (found.length > 0) return found.length === 1 ? (found[0] ?? null) : null;
  }
  return null;
}

/** ONNX Runtime calls what it puts in a node's place after it, with something behind. */
function namesBehind(name: string): readonly string[] {
  const parts = name.replace(/\/$/, '').split('/');
  const outer = parts.map((_, place) => parts.slice(0, parts.length - place).join('/'));
  return [name, name.replace(/_nchwc$/, ''), ...outer];
}
