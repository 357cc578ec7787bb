/** Many runs in one server, and cancels at random moments, each followed by a run that has to answer as ever. */
import { readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import type { GraphDocument } from '#engine/contract/document.ts';
import { isLast, type RunEvent } from '#engine/contract/run-event.ts';
import type { RunRequest } from '#engine/contract/run-request.ts';
import { seededRandom } from '#engine/seeded-random.ts';
import { draftedGraph, llavaGraph } from '#host/bin/graphs.testing.ts';
import { servePatchbay, type ServedPatchbay } from '#host/bin/served-patchbay.testing.ts';
import { readPreset } from '#host/presets.ts';
import { heldBy, type Held } from './memory-of.ts';

export interface Trial {
  readonly runs: number;
  readonly cancels: number;
  readonly seed: number;
  readonly tell: (line: string) => void;
}

/** After one run. */
export interface Sample {
  readonly server: Held;
  readonly engine: Held;
}

export interface Endured {
  readonly samples: readonly Sample[];
  readonly cancelled: readonly Cancelled[];
}

export interface Cancelled {
  /** The event behind which it came: "stage-progress encoder building". */
  readonly behind: string;
  readonly hard: boolean;
  /** "run-cancelled", or "run-finished" where it came too late. */
  readonly end: RunEvent['type'];
}

/** Throws where a run does not answer as the first did, or a cancel leaves anything behind. */
export async function endure({ runs, cancels, seed, tell }: Trial): Promise<Endured> {
  const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-soak-'));
  const [cache, temporary] = [join(folder, 'cache'), join(folder, 'temporary')];
  await mkdir(temporary);
  const server = await servePatchbay(cache, {
    PATCHBAY_DATA: join(folder, 'data'),
    TMPDIR: temporary,
  });
  try {
    const ask = await questionOf(server);
    const samples: Sample[] = [];
    for (let run = 1; run <= runs; run++) {
      await ask();
      samples.push(sampleOf(server));
      if (run % 100 === 0) tell(`${run} runs`);
    }
    const random = seededRandom(seed);
    const cancelled: Cancelled[] = [];
    for (let count = 1; count <= cancels; count++) {
      // A model that was never built, so that a cancel may meet any phase.
      cancelled.push(await cancelSomewhere(server, random, 1_000 + count));
      await ask();
      await expectNothingLeft(cache, temporary, server.temporaryFolders());
      if (count % 10 === 0) tell(`${count} cancels`);
    }
    await server.end('SIGTERM');
    const left = await readdir(temporary);
    if (left.length > 0) throw new Error(`The server left ${left.join(', ')}.`);
    return { samples, cancelled };
  } finally {
    await server.end('SIGKILL').catch(() => undefined);
    await rm(folder, { recursive: true, force: true });
  }
}

/** Does what a page does of one question: keeps its draft, checks it, runs it, follows it; throws where the answer changes. */
async function questionOf({ client, runEvents }: ServedPatchbay): Promise<() => Promise<void>> {
  const preset = await readPreset('shapes-llava');
  if (!preset.ok) throw new Error(preset.problems[0]?.message);
  const document = preset.value;
  let first: string | null = null;
  return async () => {
    const draft = { id: 'soak', window: 'soak', path: null, stamp: null, unsaved: true };
    await client.files.keepDraft.mutate({ ...draft, document });
    const problems = await client.check.query({ document });
    if (problems.length > 0) throw new Error(problems[0]?.message);
    const answers = await answersOf({ client, runEvents }, document);
    first ??= answers;
    if (answers !== first) throw new Error(`It answered "${answers}", at first "${first}".`);
  };
}

async function answersOf(
  { client, runEvents }: Pick<ServedPatchbay, 'client' | 'runEvents'>,
  document: GraphDocument,
): Promise<string> {
  const started = await client.startRun.mutate({ document, runs: 1 });
  if (!started.ok) throw new Error(started.problems[0]?.message);
  const events: RunEvent[] = [];
  for await (const event of runEvents(started.value.runId)) events.push(event);
  const end = events.at(-1);
  if (end?.type !== 'run-finished') throw new Error(`It ended by ${JSON.stringify(end)}.`);
  return events.flatMap((event) => (event.type === 'answer' ? [event.text] : [])).join(' | ');
}

function sampleOf({ processId, engineProcessId }: ServedPatchbay): Sample {
  return { server: heldBy(processId), engine: heldBy(engineProcessId() as number) };
}

const graphs = [
  { document: llavaGraph(), images: [{ kind: 'scene', seed: 1 }] },
  { document: draftedGraph() },
] as const satisfies readonly Partial<RunRequest>[];

/** Events that a run of these tells at least. */
const fewestEvents = 30;

async function cancelSomewhere(
  { client, runEvents }: ServedPatchbay,
  random: () => number,
  seed: number,
): Promise<Cancelled> {
  const graph = graphs[Math.floor(random() * graphs.length)] ?? graphs[0];
  const moment = Math.floor(random() * fewestEvents);
  const hard = random() < 0.5;
  const started = await client.startRun.mutate({ ...graph, runs: 1, seed });
  if (!started.ok) throw new Error(started.problems[0]?.message);
  const { runId } = started.value;
  let count = 0;
  let behind = 'the start';
  for await (const event of runEvents(runId)) {
    if (count++ === moment) {
      behind = nameOf(event);
      const cancelled = await client.cancelRun.mutate({ runId, hard });
      if (!cancelled.ok) throw new Error(cancelled.problems[0]?.message);
    }
    if (!isLast(event)) continue;
    if (event.type === 'run-failed') throw new Error(JSON.stringify(event.problems));
    return { behind, hard, end: event.type };
  }
  throw new Error('A run told no end.');
}

function nameOf(event: RunEvent): string {
  return event.type === 'stage-progress' ? `${event.stage} ${event.phase}` : event.type;
}

/** Each process at work has a temporary folder of its own, with nothing in it. */
async function expectNothingLeft(
  cache: string,
  temporary: string,
  own: readonly string[],
): Promise<void> {
  const stages = await readdir(join(cache, 'stages'));
  const folders = (await readdir(temporary)).map((name) => join(temporary, name));
  const left = [
    ...stages.filter((name) => name.startsWith('building-')),
    ...folders.flatMap((path) => (own.includes(path) ? readdirSync(path) : [path])),
  ];
  if (left.length > 0) throw new Error(`A cancel left ${left.join(', ')}.`);
}
