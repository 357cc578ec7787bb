/** Does a graph fit into a machine's memory, and what would make it smaller. Pure. */
import type { GraphDocument } from '../contract/document.ts';
import { formatBytes } from '../contract/format.ts';
import { checkGraph, type CheckedGraph } from '../graph/check.ts';
import type { AnyNodeDefinition, Catalogue } from '../node/any-node-definition.ts';
import type { WireType } from '../node/wire.ts';
import { planGraph } from '../plan/plan.ts';
import { estimateGraph, estimatePlan, reservedBytes, type GraphEstimate } from './estimate.ts';

export interface MemoryFit {
  readonly fits: boolean;
  /** With what the system and the engine process need. */
  readonly neededBytes: number;
  readonly memoryBytes: number;
}

export function memoryFit({ totals }: GraphEstimate, memoryBytes: number): MemoryFit {
  const neededBytes = totals.peakBytes + reservedBytes;
  return { fits: neededBytes <= memoryBytes, neededBytes, memoryBytes };
}

/** "Does not fit: needs 28.6 GB of 8.59 GB." */
export function fitText({ fits, neededBytes, memoryBytes }: MemoryFit): string {
  const needs = `needs ${formatBytes(neededBytes)} of ${formatBytes(memoryBytes)}`;
  return fits ? `Fits: ${needs}.` : `Does not fit: ${needs}.`;
}

export interface MemoryChange {
  /** "int4 in place of float32" */
  readonly title: string;
  readonly savedBytes: number;
  /** Of the changed graph, as `memoryFit` tells it. */
  readonly fits: boolean;
}

/** What saves less is not worth a sentence. */
const leastShare = 0.01;

/**
 * What makes the graph smaller, each change alone and what saves the most first: every changed graph is estimated, so
 * this takes some times as long as an estimate. Empty where the graph cannot be planned.
 */
export function memoryChanges(
  document: GraphDocument,
  catalogue: Catalogue,
  memoryBytes: number,
): readonly MemoryChange[] {
  const checked = checkGraph(document, catalogue);
  const plan = planGraph(checked);
  if (!plan.ok) return [];
  const before = estimatePlan(checked, plan.value);
  const of = (title: string, after: GraphEstimate): readonly MemoryChange[] => {
    const savedBytes = before.totals.peakBytes - after.totals.peakBytes;
    if (savedBytes < leastShare * before.totals.peakBytes) return [];
    return [{ title, savedBytes, fits: memoryFit(after, memoryBytes).fits }];
  };
  const changed = choiceChanges.flatMap(({ param, value, title }) => {
    const settled = withChoice(checked, param, value);
    if (!settled) return [];
    const after = estimateGraph(checkGraph(settled.document, catalogue));
    return after.ok ? of(title(settled.before), after.value) : [];
  });
  const fewer = of('Half the visual tokens', estimatePlan(withHalfTheTokens(checked), plan.value));
  return [...changed, ...fewer].toSorted((a, b) => b.savedBytes - a.savedBytes);
}

/** A parameter that is set wherever a node offers the value. */
interface ChoiceChange {
  readonly param: string;
  readonly value: string;
  /** `before` are the values that it takes the place of. */
  readonly title: (before: string) => string;
}

const choiceChanges: readonly ChoiceChange[] = [
  { param: 'precision', value: 'int4', title: (before) => `int4 in place of ${before}` },
  {
    param: 'cacheFormat',
    value: 'int8',
    title: (before) => `Keys and values in int8 in place of ${before}`,
  },
];

/** Null where no node would change. */
function withChoice(
  { document, nodes }: CheckedGraph,
  param: string,
  value: string,
): { readonly document: GraphDocument; readonly before: string } | null {
  const changing = Object.values(nodes).flatMap(({ id, node, definition, params }) => {
    const before = params[param];
    const changes = offers(definition, param, value) && before !== value;
    return changes && typeof before === 'string' ? [{ id, node, before }] : [];
  });
  if (changing.length === 0) return null;
  const changed = changing.map(({ id, node }) => [
    id,
    { ...node, params: { ...node.params, [param]: value } },
  ]);
  return {
    document: { ...document, nodes: { ...document.nodes, ...Object.fromEntries(changed) } },
    before: [...new Set(changing.map(({ before }) => before))].join(' and '),
  };
}

function offers(definition: AnyNodeDefinition | null, name: string, value: string): boolean {
  const param = definition?.params[name];
  return param?.kind === 'choice' && param.options.some((option) => option.value === value);
}

/** As a compressor before the language model would leave them. */
function withHalfTheTokens(checked: CheckedGraph): CheckedGraph {
  const nodes = Object.entries(checked.nodes).map(([id, node]) => {
    if (node.definition?.family !== 'language') return [id, node] as const;
    const inputs = Object.entries(node.inputs).map(([port, wires]) => [port, wires.map(halved)]);
    return [id, { ...node, inputs: Object.fromEntries(inputs) as typeof node.inputs }] as const;
  });
  return { ...checked, nodes: Object.fromEntries(nodes) };
}

function halved(wire: WireType): WireType {
  if (wire.kind !== 'tokens') return wire;
  const { known, tokens, most } = wire.count;
  return { ...wire, count: { known, tokens: Math.ceil(tokens / 2), most: Math.ceil(most / 2) } };
}
