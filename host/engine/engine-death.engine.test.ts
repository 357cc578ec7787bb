/** The engine process may be killed at any moment: its caller says where, tidies up, and goes on. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { GraphDocument } from '#engine/contract/document.ts';
import type { StagePhase } from '#engine/contract/run-event.ts';
import { decoderGraph, draftedGraph, llavaGraph } from '../bin/graphs.testing.ts';
import { buildPrograms, engineEntry } from '../bin/patchbay-command.testing.ts';
import { EngineHold, entered, type EventLike } from './engine-hold.testing.ts';
import { startRun } from './followed-run.testing.ts';
import { LocalHost } from '../local-host.ts';

const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-engine-death-'));
const temporary = await mkdtemp(join(folder, 'temporary-'));
const hold = new EngineHold(folder);
Object.assign(process.env, {
  PATCHBAY_CACHE: join(folder, 'cache'),
  TMPDIR: temporary,
  ...hold.environment,
});

/** What it warns of is no reason not to run. */
const warned = decoderGraph({ mood: 1 });
const words = decoderGraph();
const drafted = draftedGraph();
const picture = llavaGraph();

interface Moment {
  readonly graph: GraphDocument;
  readonly event: EventLike;
  /** What is said of an end at that moment, and the node that it is said of. */
  readonly where: string;
  readonly node: string | null;
}

const begun = (graph: GraphDocument, event: EventLike): Moment => ({
  graph,
  event,
  where: 'before its first stage',
  node: null,
});

const at = (graph: GraphDocument, stage: string, phase: StagePhase, title: string): Moment => ({
  graph,
  event: entered(stage, phase),
  where: `while "${title}" was ${phase}`,
  node: stage.split('/')[0] as string,
});

const [prefill, decode] = ['Language model · prefill', 'Language model · decode'] as const;
const [draft, verify] = ['Language model · draft', 'Language model · verify'] as const;

/** In the order in which a run of a graph that is not built yet comes there. */
const moments: readonly Moment[] = [
  // Checked, and about to be estimated.
  begun(warned, { type: 'run-warned' }),
  begun(words, { type: 'run-started' }),
  at(words, 'prompt', 'warming-up', 'Prompt'),
  at(words, 'language/prefill', 'building', prefill),
  at(words, 'language/prefill', 'preparing', prefill),
  at(words, 'language/prefill', 'loading', prefill),
  at(words, 'language/prefill', 'warming-up', prefill),
  at(words, 'language/tokenise', 'running', 'Language model · tokenise'),
  at(words, 'language/embed', 'running', 'Language model · embed'),
  at(words, 'language/prefill', 'running', prefill),
  at(words, 'language/decode', 'running', decode),
  at(drafted, 'language/draft', 'building', draft),
  at(drafted, 'language/draft', 'preparing', draft),
  at(drafted, 'language/draft', 'loading', draft),
  at(drafted, 'language/draft', 'warming-up', draft),
  at(drafted, 'language/draft', 'running', draft),
  at(drafted, 'language/verify', 'running', verify),
  at(picture, 'preprocess', 'warming-up', 'Preprocess'),
  at(picture, 'encoder', 'building', 'CLIP ViT'),
  at(picture, 'encoder', 'preparing', 'CLIP ViT'),
  at(picture, 'encoder', 'loading', 'CLIP ViT'),
  at(picture, 'encoder', 'warming-up', 'CLIP ViT'),
  at(picture, 'encoder', 'running', 'CLIP ViT'),
  at(picture, 'projector', 'running', 'MLP projector'),
];
const named = moments.map((moment) => [`${moment.where} (${moment.event.type})`, moment] as const);
const images = [{ kind: 'scene', seed: 1 }] as const;
/** Only the graph with a picture takes one. */
const askedOf = (graph: GraphDocument) => (graph === picture ? { images } : {});

beforeAll(buildPrograms);
afterEach(() => {
  hold.release();
  vi.unstubAllEnvs();
});
afterAll(() => rm(folder, { recursive: true }));

async function leftovers(): Promise<readonly string[]> {
  const stages = await readdir(join(folder, 'cache', 'stages'));
  const unfinished = stages.filter((name) => name.startsWith('building-'));
  return [...unfinished, ...(await readdir(temporary))];
}

/** Waiting for a state costs nothing where it comes soon. */
const patienceMs = 300_000;

function isAlive(processId: number): boolean {
  try {
    return process.kill(processId, 0);
  } catch {
    return false;
  }
}

describe('an engine that is killed', () => {
  const host = new LocalHost(engineEntry);
  afterAll(() => host.close());

  test.for(named)('%s fails the run there, and leaves nothing', async ([, moment]) => {
    const { graph, event, where, node } = moment;
    hold.at(event);
    const run = await startRun(host, graph, askedOf(graph));
    await run.until(event);
    process.kill(host.engineProcessId as number, 'SIGKILL');
    expect(await run.last()).toEqual({
      type: 'run-failed',
      problems: [
        {
          code: 'engine-died',
          severity: 'error',
          ...(node !== null && { node }),
          message: `The engine process ended ${where} (something killed it, perhaps for lack of memory). The graph is unharmed; run it again.`,
        },
      ],
    });
    expect(await leftovers()).toEqual([]);
  });

  test('is replaced, and every graph that it died with runs', async () => {
    for (const graph of [warned, words, drafted, picture]) {
      const run = await startRun(host, graph, askedOf(graph));
      expect(await run.last()).toEqual({ type: 'run-finished' });
    }
  });

  test('between two runs is replaced for the next', async () => {
    const before = await startRun(host, decoderGraph());
    expect(await before.last()).toEqual({ type: 'run-finished' });
    process.kill(host.engineProcessId as number, 'SIGKILL');
    await vi.waitUntil(() => host.engineProcessId === undefined, { timeout: patienceMs });
    const after = await startRun(host, decoderGraph());
    expect(await after.last()).toEqual({ type: 'run-finished' });
  });

  test('does not take along the run that waited behind', async () => {
    hold.at(entered('language/prefill', 'running'));
    const [first, second] = [
      await startRun(host, decoderGraph()),
      await startRun(host, decoderGraph()),
    ];
    await first.until(entered('language/prefill', 'running'));
    process.kill(host.engineProcessId as number, 'SIGKILL');
    expect((await first.last()).type).toBe('run-failed');
    expect(await second.last()).toEqual({ type: 'run-finished' });
  });
});

test.for(named)(
  'a host that closes %s leaves no process and no file',
  async ([, { graph, event }]) => {
    const closing = new LocalHost(engineEntry);
    const isBuilding =
      event.type === 'stage-progress' && ['building', 'preparing'].includes(event.phase ?? '');
    // Another seed is another model, which has to be built.
    const seed = isBuilding ? { seed: 7 } : {};
    hold.at(event);
    const run = await startRun(closing, graph, { ...askedOf(graph), ...seed });
    await run.until(event);
    const processId = closing.engineProcessId as number;
    await closing.close();
    expect(isAlive(processId)).toBe(false);
    expect(await run.last()).toEqual({ type: 'run-cancelled' });
    expect(await leftovers()).toEqual([]);
  },
);

test('an engine that cannot start says so', async () => {
  vi.stubEnv('NODE_OPTIONS', '');
  const broken = new LocalHost(join(folder, 'no-engine.js'));
  const run = await startRun(broken, decoderGraph());
  expect(await run.last()).toMatchObject({
    type: 'run-failed',
    problems: [
      {
        code: 'engine-died',
        message: expect.stringMatching(
          /^The engine process ended before its first stage \(exit code 1: Error: Cannot find module .*\)\. The graph is unharmed; run it again\.$/,
        ) as string,
      },
    ],
  });
});
