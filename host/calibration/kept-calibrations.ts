/** What machines were found to reach, kept beside the user's settings: a folder may be shared by several machines. */
import { join } from 'node:path';
import { z } from 'zod';
import { calibrationSchema, type Calibration } from '#engine/contract/calibration.ts';
import type { Outcome } from '#engine/contract/outcome.ts';
import type { Machine } from '#engine/contract/run-event.ts';
import { readKept, writeKept } from '../files/kept-json.ts';
import { Turns } from '../files/turns.ts';
import { whileLocked } from '../system/file-lock.ts';

const keptMachines = 20;

/** What is no calibration among them counts as not measured. */
const keptSchema = z
  .array(z.unknown())
  .transform((all) => all.flatMap((each) => calibrationSchema.safeParse(each).data ?? []));

export class KeptCalibrations {
  readonly #path: string;
  readonly #turns = new Turns();

  constructor(folder: string) {
    this.#path = join(folder, 'calibrations.json');
  }

  /** Null where the machine has not been measured, or not with what it runs now. */
  async find(machine: Machine): Promise<Calibration | null> {
    const all = await this.#turns.take(() => this.#read());
    return all.find((each) => isSameMachine(each.machine, machine)) ?? null;
  }

  /** In place of what was kept of the same machine. */
  keep(calibration: Calibration): Promise<Outcome<null>> {
    const write = async () => {
      const others = (await this.#read()).filter(
        ({ machine }) => !isSameMachine(machine, calibration.machine),
      );
      return writeKept(this.#path, [calibration, ...others].slice(0, keptMachines));
    };
    return this.#turns.take(() => whileLocked(`${this.#path}.lock`, write));
  }

  async #read(): Promise<readonly Calibration[]> {
    return (await readKept(this.#path, (value) => keptSchema.safeParse(value).data ?? null)) ?? [];
  }
}

/** Rates follow from the processor, the threads and the library; a system of another kind is another machine. */
const isSameMachine = (one: Machine, other: Machine): boolean =>
  one.cpu === other.cpu &&
  one.threads === other.threads &&
  one.onnxRuntime === other.onnxRuntime &&
  one.platform === other.platform;
