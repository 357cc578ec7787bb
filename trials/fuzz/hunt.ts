/** Fuzzes one reader in processes of its own: one that crashes or hangs is told, and the next goes on behind it. */
import { fork } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import type { Order, Told } from './fuzz-process.ts';
import type { Finding, Work, Worked } from './work-through.ts';

export interface Hunted extends Worked {
  readonly findings: readonly Finding[];
  /** Mutants that were found, kinds told once included. */
  readonly foundCount: number;
}

/** Every reader bounds itself to a fraction of this; longer is for ever. */
const hangsAfterMs = 60_000;
const lookEveryMs = 500;
/** A reader that breaks so often is to be mended first. */
const mostBreaks = 5;
/** Of one kind, those after the first say nothing new. */
const listedFindings = 20;

/** `entry` is the script of the process. */
export async function hunt(entry: string, reader: string, work: Work): Promise<Hunted> {
  const endMs = performance.now() + work.atMostMs;
  const kinds = new Map<string, Finding>();
  let foundCount = 0;
  const found = (finding: Finding): void => {
    foundCount++;
    const kind = kindOf(finding.what);
    if (!kinds.has(kind) && kinds.size < listedFindings) kinds.set(kind, finding);
  };
  const parts: Worked[] = [];
  for (let { from } = work; from < work.to && parts.length < mostBreaks;) {
    const atMostMs = endMs - performance.now();
    if (atMostMs <= 0) break;
    const end = await runProcess(entry, { ...work, reader, from, atMostMs }, found);
    if ('mutants' in end) {
      parts.push(end);
      break;
    }
    found(end);
    parts.push({ mutants: end.number + 1 - from, sound: 0, slowestMs: 0, slowest: end.number });
    from = end.number + 1;
  }
  return { ...sumOf(parts), findings: [...kinds.values()], foundCount };
}

function sumOf(parts: readonly Worked[]): Worked {
  const sum = (pick: (part: Worked) => number): number =>
    parts.reduce((total, part) => total + pick(part), 0);
  const slowest = parts.toSorted((one, other) => other.slowestMs - one.slowestMs)[0];
  return {
    mutants: sum(({ mutants }) => mutants),
    sound: sum(({ sound }) => sound),
    slowestMs: slowest?.slowestMs ?? 0,
    slowest: slowest?.slowest ?? 0,
  };
}

/** Numbers and quoted parts differ from mutant to mutant where the fault is one. */
function kindOf(what: string): string {
  return what.replaceAll(/"(?:[^"\\]|\\.)*"|\d+/g, '#').slice(0, 160);
}

/** What was worked through, or the mutant at which the process ended or was ended. */
async function runProcess(
  entry: string,
  order: Omit<Order, 'noteFile'>,
  found: (finding: Finding) => void,
): Promise<Worked | Finding> {
  const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-fuzz-'));
  const noteFile = join(folder, 'mutant-at-hand');
  writeFileSync(noteFile, noteOf(order.from));
  const child = fork(entry, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, TMPDIR: folder },
    serialization: 'advanced',
  });
  let worked: Worked | null = null;
  let lastWords = '';
  let isHung = false;
  child.stderr?.on('data', (chunk: Buffer) => {
    lastWords = (lastWords + chunk.toString()).slice(-2000);
  });
  child.on('message', (raw) => {
    const told = raw as Told;
    if (told.type === 'found') found(told.finding);
    else worked = told.worked;
  });
  child.send({ ...order, noteFile } satisfies Order);
  let atHand = { number: order.from, sinceMs: performance.now() };
  const watch = setInterval(() => {
    const number = numberIn(noteFile);
    const nowMs = performance.now();
    if (number !== atHand.number) atHand = { number, sinceMs: nowMs };
    isHung = nowMs - atHand.sinceMs > hangsAfterMs;
    if (isHung) child.kill('SIGKILL');
  }, lookEveryMs);
  const end = await new Promise<string>((resolve) => {
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  clearInterval(watch);
  const number = numberIn(noteFile);
  rmSync(folder, { recursive: true, force: true });
  if (worked !== null) return worked;
  if (isHung) return { number, what: `hangs: no answer within ${hangsAfterMs / 1000} s` };
  return { number, what: `ends the process (${end}): ${lastWords.trim()}` };
}

function noteOf(number: number): Buffer {
  const note = Buffer.alloc(8);
  note.writeDoubleLE(number);
  return note;
}

const numberIn = (noteFile: string): number => readFileSync(noteFile).readDoubleLE();
