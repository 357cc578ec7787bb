/** Machines that are not here: what a graph may reach on them, from what is published of them. Pure. */
import { z } from 'zod';
import { calibrationSchema, type Calibration, type MachineRates } from '../contract/calibration.ts';
import { describedMachineSchema, type DescribedMachine } from '../contract/described-machine.ts';
import { fail, ok, type Outcome } from '../contract/outcome.ts';
import { error } from '../contract/problem.ts';
import machines from './machines.json' with { type: 'json' };

/** What an estimate is made for. */
export interface TargetMachine {
  readonly title: string;
  readonly memoryBytes: number;
  /** What a graph may reach there at best. */
  readonly rates: MachineRates;
}

const { reached, ...described } = z
  .object({
    about: z.array(z.string()),
    reached: z.object({
      matrix: z.object({
        float32: z.number(),
        int8: z.number(),
        int4: z.number(),
        w8a8: z.number(),
      }),
      memory: z.number(),
      launchCycles: z.number(),
      notes: z.array(z.string()),
    }),
    machines: z.record(z.string(), describedMachineSchema),
  })
  .parse(machines);

/** By the name that `--machine` takes. */
export const describedMachines: Readonly<Record<string, DescribedMachine>> = described.machines;

/** Undefined where none has this name. */
export const describedMachine = (name: string): DescribedMachine | undefined =>
  Object.hasOwn(describedMachines, name) ? describedMachines[name] : undefined;

/**
 * What ONNX Runtime's kernels are expected to reach there: of its peak as much as of this machine's, in each precision.
 * An operator is started in as many cycles of the fastest core.
 */
export function targetOf({ title, memoryBytes, ...machine }: DescribedMachine): TargetMachine {
  const { cores, memoryBytesPerSecond } = machine;
  const peak = peakFlopsPerSecond(cores);
  const fastest = Math.max(...cores.map(({ gigahertz }) => gigahertz));
  const { float32, int8, int4, w8a8 } = reached.matrix;
  return {
    title,
    memoryBytes,
    rates: {
      matrixFlopsPerSecond: {
        float32: peak * float32,
        int8: peak * int8,
        int4: peak * int4,
        w8a8: peak * w8a8,
      },
      memoryBytesPerSecond: memoryBytesPerSecond * reached.memory,
      launchMicroseconds: reached.launchCycles / (fastest * 1000),
    },
  };
}

/** In float32: cores × cycles a second × operations a cycle. */
export const peakFlopsPerSecond = (cores: DescribedMachine['cores']): number =>
  cores.reduce(
    (sum, { count, gigahertz, flopsPerCycle }) => sum + count * gigahertz * 1e9 * flopsPerCycle,
    0,
  );

/** A machine by its calibration, be it this one or another that was measured there. */
export function targetOfCalibration(calibration: Calibration): TargetMachine {
  const { machine, matrixFlopsPerSecond, memoryBytesPerSecond, launchMicroseconds } = calibration;
  const rates = { matrixFlopsPerSecond, memoryBytesPerSecond, launchMicroseconds };
  return { title: machine.cpu, memoryBytes: machine.memoryBytes, rates };
}

/**
 * A machine's file: a description, or what `calibrate --json` printed on that machine. `json-broken` or
 * `machine-invalid` with a sentence that names the first figure that makes no sense; `name` is how the file is spoken of.
 */
export function readMachine(name: string, text: string): Outcome<TargetMachine> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return fail(error('json-broken', `${name} is not valid JSON; ${remedy}.`));
  }
  const measured = calibrationSchema.safeParse(value);
  if (measured.success) return ok(targetOfCalibration(measured.data));
  const read = describedMachineSchema.safeParse(value);
  if (read.success) return ok(targetOf(read.data));
  const [issue] = read.error.issues;
  const place = issue?.path.join('.') ?? '';
  const what = place === '' ? '' : `"${place}": `;
  return fail(
    error('machine-invalid', `${name} describes no machine: ${what}${issue?.message}; ${remedy}.`),
  );
}

const remedy =
  'give title, memoryBytes, memoryBytesPerSecond and cores as engine/estimate/machines.json does, or what patchbay calibrate --json prints there';
