/** From what ONNX Runtime's profiler writes to the operators of each row of a report. Pure. */
import { z } from 'zod';
import type { Operator } from '../contract/operators.ts';
import { median } from './statistics.ts';

/** Times are in microseconds, sizes in bytes, written as text; a shape stands under the type of its numbers. */
const shapesSchema = z.array(z.record(z.string(), z.array(z.number()))).catch([]);
const bytesSchema = z.coerce.number().catch(0);

const eventSchema = z.object({
  cat: z.string(),
  name: z.string(),
  ts: z.number(),
  dur: z.number(),
  args: z
    .object({
      op_name: z.string(),
      input_type_shape: shapesSchema,
      output_type_shape: shapesSchema,
      activation_size: bytesSchema,
      parameter_size: bytesSchema,
      output_size: bytesSchema,
    })
    .partial()
    .catch({}),
});

/** What a run of a session was for: a row of the report, in which pass. */
export interface ProfiledRun {
  readonly row: string;
  readonly pass: number;
}

type TraceEvent = z.infer<typeof eventSchema>;

const kernelSuffix = '_kernel_time';

/**
 * Operators by row, each with the median of what it took in the passes. `runs` says what each run of the session was
 * for, in order; null for one that is not told.
 */
export function operatorsByRow(
  trace: unknown,
  runs: readonly (ProfiledRun | null)[],
): ReadonlyMap<string, readonly Operator[]> {
  const events = readEvents(trace);
  const starts = events
    .filter(({ cat, name }) => cat === 'Session' && name === 'model_run')
    .toSorted((a, b) => a.ts - b.ts);
  const kernels = events
    .filter(({ cat, name }) => cat === 'Node' && name.endsWith(kernelSuffix))
    .toSorted((a, b) => a.ts - b.ts || b.dur - a.dur);
  const found = new Map<string, Map<string, OperatorPasses>>();
  const inner = innerTimes(kernels);
  for (const [place, kernel] of kernels.entries()) {
    const run = runs[starts.findLastIndex(({ ts }) => ts <= kernel.ts)] ?? null;
    if (run === null) continue;
    const { row, pass } = run;
    const known = found.get(row) ?? new Map<string, OperatorPasses>();
    const operator = operatorOf(kernel, kernel.dur - (inner[place] ?? 0));
    const passes = known.get(operator.name) ?? new Map<number, Operator>();
    known.set(operator.name, passes.set(pass, withCall(passes.get(pass), operator)));
    found.set(row, known);
  }
  return new Map(
    [...found].map(([row, operators]) => [row, [...operators.values()].map(medianPass)]),
  );
}

/** What an operator did in each pass. */
type OperatorPasses = Map<number, Operator>;

/** The last pass, with the time of the middle one: what else the machine did in one of them does not count. */
function medianPass(passes: OperatorPasses): Operator {
  const all = [...passes.values()];
  const times = all.map(({ profiledMs }) => profiledMs);
  return { ...(all.at(-1) as Operator), profiledMs: median(times) };
}

function readEvents(trace: unknown): readonly TraceEvent[] {
  if (!Array.isArray(trace)) return [];
  return trace.flatMap((event: unknown) => {
    const read = eventSchema.safeParse(event);
    return read.success ? [read.data] : [];
  });
}

/** Of each kernel the time that those right inside of it took. `kernels` are in order, the outer ones first. */
function innerTimes(kernels: readonly TraceEvent[]): readonly number[] {
  const inner = kernels.map(() => 0);
  const open: number[] = [];
  const endOf = (place: number | undefined): number => {
    const kernel = kernels[place ?? -1];
    return kernel ? kernel.ts + kernel.dur : -Infinity;
  };
  for (const [place, kernel] of kernels.entries()) {
    while (open.length > 0 && endOf(open.at(-1)) < kernel.ts + kernel.dur) open.pop();
    const outer = open.at(-1);
    if (outer !== undefined) inner[outer] = (inner[outer] ?? 0) + kernel.dur;
    open.push(place);
  }
  return inner;
}

/** `ownTime` is in microseconds. */
function operatorOf({ name, args }: TraceEvent, ownTime: number): Operator {
  const own = name.slice(0, -kernelSuffix.length);
  const { op_name: kind = '', activation_size: given = 0, parameter_size: weights = 0 } = args;
  return {
    part: partOf(own, kind),
    name: own,
    kind,
    calls: 1,
    profiledMs: ownTime / 1000,
    inputs: sizesOf(args.input_type_shape ?? []),
    outputs: sizesOf(args.output_type_shape ?? []),
    bytesPerCall: given + weights + (args.output_size ?? 0),
  };
}

function withCall(before: Operator | undefined, call: Operator): Operator {
  if (!before) return call;
  const calls = before.calls + 1;
  const bytesPerCall = before.bytesPerCall + (call.bytesPerCall - before.bytesPerCall) / calls;
  return { ...call, calls, profiledMs: before.profiledMs + call.profiledMs, bytesPerCall };
}

/** The builder calls an operator by its kind, the parts that it is in, and its kind once more. */
function partOf(name: string, kind: string): string {
  const own = name.startsWith(`${kind}/`) ? name.slice(kind.length + 1) : name;
  return own.includes('/') ? own.slice(0, own.lastIndexOf('/')) : '';
}

/** A scalar has no sizes. */
const sizesOf = (shapes: readonly Readonly<Record<string, readonly number[]>>[]): string[] =>
  shapes.map((shape) => Object.values(shape)[0]?.join(' × ') || '1');
