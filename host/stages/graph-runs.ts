/** How the views at a graph's inputs are divided into runs of it, and what the runs give is joined again. */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import type { RunsBy, ViewFacts } from '#engine/node/node-definition.ts';
import type { View } from '#engine/node/view.ts';
import type { StageModel } from '#engine/onnx/model.ts';
import {
  factPrefix,
  inputPrefix,
  outputPrefix,
  viewRuns,
  type MeasuredCount,
} from '#engine/plan/node-body.ts';
import { shownPrefix, unseenInput } from '#engine/plan/shown-outputs.ts';
import { bool, float32, int64, type Tensor, type TensorMap } from '../sessions/sessions.ts';
import { countsOf, type Batch, type StageInputs, type StageOutputs } from './stage-value.ts';

/** What one run is given, by input port, in the order of its wires. */
export interface GraphRun {
  readonly inputs: Readonly<Record<string, readonly Batch[]>>;
  /** Empty where nothing that comes in is of pictures. */
  readonly views: readonly View[];
}

/**
 * The runs that take all views once, in their order. Views that agree in size go together where a graph takes several,
 * up to a number; what is not of pictures goes into every run. Fails with `dimension-mismatch` where inputs hold different numbers
 * of views, or views of one item differ in size.
 */
export function graphRuns(inputs: StageInputs, runsBy: RunsBy): Outcome<readonly GraphRun[]> {
  const ports = Object.entries(inputs).map(
    ([port, values]) =>
      [port, values.flatMap((value) => (value.kind === 'tensors' ? [value.batches] : []))] as const,
  );
  const viewed = ports.flatMap(([, values]) =>
    values.filter((batches) => viewsOf(batches).length > 0),
  );
  const [first] = viewed;
  if (!first) {
    const whole = ports.map(([port, values]) => [port, values.flat()]);
    return ok([{ inputs: Object.fromEntries(whole), views: [] }]);
  }
  const views = viewsOf(first);
  const other = viewed.find((batches) => viewsOf(batches).length !== views.length);
  if (other) {
    const message = `Its inputs hold ${views.length} and ${viewsOf(other).length} views, of which each belongs to one; prepare the pictures alike.`;
    return fail(error('dimension-mismatch', message));
  }
  const ends = runEnds(viewed, views, runsBy);
  const runs: GraphRun[] = [];
  for (const [index, end] of ends.entries()) {
    const start = ends[index - 1] ?? 0;
    const given: Record<string, readonly Batch[]> = {};
    for (const [port, values] of ports) {
      const cut = values.map((batches) =>
        viewsOf(batches).length === 0 ? batches : joined(cutBatches(batches, start, end)),
      );
      if (cut.some((batches) => batches.length !== 1)) {
        const message =
          'The views of one picture differ in their numbers of tokens, so they cannot be put together; leave out what drops tokens before.';
        return fail(error('dimension-mismatch', message, { port }));
      }
      given[port] = cut.flat();
    }
    runs.push({ inputs: given, views: views.slice(start, end) });
  }
  return ok(runs);
}

const viewsOf = (batches: readonly Batch[]): readonly View[] =>
  batches.flatMap(({ views }) => views);

/** Behind which views a run ends, ascending. */
function runEnds(
  viewed: readonly (readonly Batch[])[],
  views: readonly View[],
  runsBy: RunsBy,
): readonly number[] {
  const places = views.map((_, index) => index + 1);
  switch (runsBy) {
    case 'view':
      return places;
    case 'item':
      return places.filter((end) => views[end]?.item !== views[end - 1]?.item);
    case 'views': {
      const ends = new Set<number>();
      for (const batches of viewed) {
        let end = 0;
        for (const batch of batches) ends.add((end += batch.views.length));
      }
      const agreed = [...ends].toSorted((a, b) => a - b);
      return agreed.flatMap((end, index) => {
        let at = agreed[index - 1] ?? 0;
        return viewRuns(end - at).map((count) => (at += count));
      });
    }
  }
}

/** The views from `start` up to, not including, `end`. */
function cutBatches(batches: readonly Batch[], start: number, end: number): readonly Batch[] {
  const cut: Batch[] = [];
  let at = 0;
  for (const batch of batches) {
    const from = Math.max(start - at, 0);
    const to = Math.min(end - at, batch.views.length);
    at += batch.views.length;
    if (from >= to) continue;
    cut.push(to - from === batch.views.length ? batch : cutBatch(batch, from, to));
  }
  return cut;
}

function cutBatch({ tensors, views }: Batch, from: number, to: number): Batch {
  const cut = Object.entries(tensors).map(([name, { data, dims }]) => {
    const size = data.length / views.length;
    const part = (data as Float32Array).subarray(from * size, to * size);
    return [name, float32(part, [to - from, ...dims.slice(1)])];
  });
  return { tensors: Object.fromEntries(cut) as TensorMap, views: views.slice(from, to) };
}

/** Neighbours that agree in size as one. */
function joined(batches: readonly Batch[]): readonly Batch[] {
  const groups: Batch[][] = [];
  for (const batch of batches) {
    const last = groups.at(-1);
    if (last?.[0] && batch.views.length > 0 && sizes(last[0]) === sizes(batch)) last.push(batch);
    else groups.push([batch]);
  }
  return groups.map((group) => (group.length === 1 ? (group[0] as Batch) : joinGroup(group)));
}

const sizes = ({ tensors }: Batch): string =>
  Object.entries(tensors)
    .map(([name, { dims }]) => `${name}:${dims.slice(1).join()}`)
    .join(';');

function joinGroup(group: readonly Batch[]): Batch {
  const [first] = group as [Batch];
  const views = viewsOf(group);
  const tensors = Object.entries(first.tensors).map(([name, { dims, data }]) => {
    const all = new Float32Array((data.length / first.views.length) * views.length);
    let at = 0;
    for (const batch of group) {
      const part = batch.tensors[name]?.data as Float32Array;
      all.set(part, at);
      at += part.length;
    }
    return [name, float32(all, [views.length, ...dims.slice(1)])];
  });
  return { tensors: Object.fromEntries(tensors) as TensorMap, views };
}

/** The inputs of a graph for one run; a port that takes several numbers them. */
export function feedsOf(
  { inputs, views }: GraphRun,
  { inputs: declared }: StageModel,
  facts: ViewFacts,
  isUnseen = true,
): TensorMap {
  const known = new Set(declared.map(({ name }) => name));
  const feeds: Record<string, Tensor> = {};
  for (const [port, values] of Object.entries(inputs)) {
    for (const [index, { tensors }] of values.entries()) {
      for (const [rest, tensor] of Object.entries(tensors)) {
        const numbered = `${inputPrefix}${port}.${index}${rest}`;
        feeds[known.has(numbered) ? numbered : inputPrefix + port + rest] = tensor;
      }
    }
  }
  if (known.has(unseenInput)) feeds[unseenInput] = bool(isUnseen);
  for (const [name, fact] of Object.entries(facts))
    feeds[factPrefix + name] = int64(fact.of(views));
  return feeds;
}

/** The outputs of one run, by port: `queryKey.key` belongs to `queryKey`. */
export function batchesByPort(
  tensors: TensorMap,
  views: readonly View[],
): Readonly<Record<string, Batch>> {
  const ports: Record<string, Record<string, Tensor>> = {};
  for (const [fullName, tensor] of Object.entries(tensors)) {
    if (!fullName.startsWith(outputPrefix)) continue;
    const name = fullName.slice(outputPrefix.length);
    const dot = name.indexOf('.');
    const port = dot < 0 ? name : name.slice(0, dot);
    (ports[port] ??= {})[name.slice(port.length)] = tensor;
  }
  return Object.fromEntries(
    Object.entries(ports).map(([port, own]) => [
      port,
      { tensors: own, views: viewsAfter(views, Object.values(own)[0]?.dims[0] ?? 0) },
    ]),
  );
}

/** What became of the patches of every view, by the name of the tap; outputs [views · patches]. */
export function marksByTap(
  tensors: TensorMap,
  views: number,
): ReadonlyMap<string, readonly (readonly number[])[]> {
  const shown = Object.entries(tensors).filter(([name]) => name.startsWith(shownPrefix));
  return new Map(
    shown.map(([name, { data }]) => {
      const all = Array.from(data as BigInt64Array, Number);
      const size = all.length / Math.max(1, views);
      const ofViews = Array.from({ length: Math.max(1, views) }, (_, view) =>
        all.slice(view * size, (view + 1) * size),
      );
      return [name.slice(shownPrefix.length), ofViews];
    }),
  );
}

/** A graph gives as many views as it was given, or makes others of them, which are wholes of their own. */
function viewsAfter(views: readonly View[], count: number): readonly View[] {
  const [first] = views;
  if (!first || count === views.length) return views;
  const whole: View = { ...first, role: 'whole', row: 0, column: 0 };
  return Array.from({ length: count }, () => whole);
}

/** What all runs gave, by port. */
export function joinRuns(runs: readonly Readonly<Record<string, Batch>>[]): StageOutputs {
  const ports = Object.keys(runs[0] ?? {});
  return Object.fromEntries(
    ports.map((port) => {
      const batches = runs.flatMap((outputs) => outputs[port] ?? []);
      return [port, { kind: 'tensors', batches: joined(batches) }];
    }),
  );
}

/** What came in, by tensor: under the port's name, and numbered. */
export function measuredInputs({ inputs }: GraphRun): Readonly<Record<string, MeasuredCount>> {
  const named = Object.entries(inputs).flatMap(([port, values]) =>
    values.flatMap((batch, index) => {
      const counts = countsOf(batch);
      if (!counts) return [];
      return [[port, counts] as const, [`${port}.${index}`, counts] as const];
    }),
  );
  return Object.fromEntries(named);
}

export function measuredOutputs(
  outputs: Readonly<Record<string, Batch>>,
): Readonly<Record<string, MeasuredCount>> {
  return Object.fromEntries(
    Object.entries(outputs).flatMap(([port, batch]) => {
      const counts = countsOf(batch);
      return counts ? [[port, counts]] : [];
    }),
  );
}
