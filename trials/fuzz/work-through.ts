/** Gives a reader one mutant after the other, in the process in which it may crash or hang. */
import { mkdirSync, rmSync, writeSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { breed } from './breed.ts';
import { complaintOf } from './readers/complaint.ts';
import { layOut, type Mutant, type Reader } from './readers/reader.ts';

export interface Work {
  readonly seed: number;
  /** Numbers of the first mutant, and of the one behind the last. */
  readonly from: number;
  readonly to: number;
  /** Ends sooner after so long. */
  readonly atMostMs: number;
}

export interface Finding {
  readonly number: number;
  /** "throws TypeError: …", "says no whole sentence …". */
  readonly what: string;
}

export interface Worked {
  /** How many mutants were read, and how many of these were still sound. */
  readonly mutants: number;
  readonly sound: number;
  readonly slowestMs: number;
  readonly slowest: number;
}

/** Mutants between two looks at what else there is to do. */
const breathEvery = 64;

export async function workThrough(
  reader: Reader,
  { seed, from, to, atMostMs }: Work,
  /** Takes the number of the mutant at hand, so that it is known whatever becomes of this process. */
  noteFile: number,
  found: (finding: Finding) => void,
): Promise<Worked> {
  const root = await mkdtemp(join(os.tmpdir(), 'patchbay-fuzz-'));
  try {
    const samples = await reader.samples();
    const folders = samples.map((_, index) => join(root, String(index)));
    for (const [index, sample] of samples.entries()) {
      mkdirSync(folders[index] as string);
      await layOut(sample, folders[index] as string);
    }
    const note = Buffer.alloc(8);
    const endMs = performance.now() + atMostMs;
    let [sound, slowestMs, slowest] = [0, 0, from];
    let number = from;
    for (; number < to && performance.now() < endMs; number++) {
      note.writeDoubleLE(number);
      writeSync(noteFile, note, 0, 8, 0);
      const { sample, bytes } = breed(samples, seed, number);
      const file = samples[sample]?.file ?? '';
      const mutant = { bytes, file, folder: folders[sample] as string };
      const startMs = performance.now();
      const what = await judge(reader, mutant);
      const tookMs = performance.now() - startMs;
      if (tookMs > slowestMs) [slowestMs, slowest] = [tookMs, number];
      if (what === 'sound') sound++;
      else if (what !== 'refused') found({ number, what });
      if (number % breathEvery === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    return { mutants: number - from, sound, slowestMs, slowest };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

async function judge(reader: Reader, mutant: Mutant): Promise<string> {
  try {
    const outcome = await reader.read(mutant);
    return complaintOf(outcome) ?? (outcome.ok ? 'sound' : 'refused');
  } catch (cause) {
    return `throws ${causeText(cause)}`;
  }
}

/** The error, and where it came from. */
function causeText(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const places = cause.stack?.split('\n').filter((line) => /^ +at /.test(line)) ?? [];
  return `${cause.name}: ${cause.message.slice(0, 300)} (${places
    .slice(0, 3)
    .map((place) => place.trim())
    .join(', ')})`;
}
