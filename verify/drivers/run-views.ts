/** Views through nodes that are ONNX graphs, one behind the other, run as the stages of a graph are. */
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { WireType } from '#engine/node/wire.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { batchesByPort, feedsOf, graphRuns, joinRuns } from '#host/stages/graph-runs.ts';
import type { Batch } from '#host/stages/stage-value.ts';
import type { SetNode } from './node-params.ts';
import type { Workbench } from '../workbench.ts';

export interface Seen {
  readonly port: string;
  readonly wire: WireType;
  readonly batches: readonly Batch[];
}

/** Each node takes what the one before gives at `tokens`; `first` names the port of the first. */
export async function runViews(
  nodes: readonly SetNode[],
  first: Seen,
  workbench: Workbench,
): Promise<Outcome<Seen>> {
  let seen = first;
  for (const { definition, params, parts } of nodes) {
    const { port, wire, batches } = seen;
    const built = buildSingleNode({ definition, params, parts, inputs: { [port]: wire } });
    if (!built.ok) return built;
    const { model, outputs, runsBy, facts } = built.value;
    const runs = graphRuns({ [port]: [{ kind: 'tensors', batches }] }, runsBy);
    if (!runs.ok) return runs;
    const ran: Readonly<Record<string, Batch>>[] = [];
    for (const run of runs.value) {
      const tensors = await workbench.run(model, feedsOf(run, model, facts));
      if (!tensors.ok) return tensors;
      ran.push(batchesByPort(tensors.value, run.views));
    }
    const value = joinRuns(ran)['tokens'];
    const given = outputs['tokens'];
    if (value?.kind !== 'tensors' || !given)
      throw new Error(`"${definition.type}" gives no tokens.`);
    seen = { port: 'tokens', wire: given, batches: value.batches };
  }
  return ok(seen);
}

/** All numbers of one tensor a batch, in the order of the views. */
export function numbersOf(batches: readonly Batch[]): Float32Array {
  const parts = batches.map(({ tensors }) => tensors['']?.data as Float32Array);
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
