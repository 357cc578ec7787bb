import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, it } from 'vitest';
import { LatestWork, type WorkerLine } from './latest-work.ts';

/** Answers with what it is asked, but never comes to an end with "for ever". */
const program = `
  const { parentPort } = require('node:worker_threads');
  parentPort.on('message', (request) => {
    if (request === 'broken') throw new Error(request);
    while (request === 'for ever');
    parentPort.postMessage(request);
  });
`;

const started: Worker[] = [];
afterAll(() => Promise.all(started.map((worker) => worker.terminate())));

/** A real thread, as the page has it. */
function start(): WorkerLine<string, string> {
  const worker = new Worker(program, { eval: true });
  started.push(worker);
  return {
    post: (request) => worker.postMessage(request),
    onAnswer: (listener) => worker.on('message', listener),
    onFailure: (listener) => worker.on('error', listener),
    end: () => void worker.terminate(),
  };
}

const patient = { olderMs: 1_000_000, longestMs: 1_000_000 };
const lastStarted = (): Worker => started.at(-1) as Worker;
const ask = (work: LatestWork<string, string>, request: string): Promise<string | null> =>
  new Promise((resolve) => {
    work.ask(request, resolve);
  });

describe('work of which only the latest request counts', () => {
  it('is done one after the other in one worker, and leaves out what is outdated before it began', async () => {
    const work = new LatestWork<string, string>(start, patient);
    const before = started.length;
    const told: (string | null)[] = [];
    work.ask('first', (answer) => told.push(answer));
    work.ask('outdated', (answer) => told.push(answer));
    told.push(await ask(work, 'latest'));
    expect(told).toEqual(['first', 'latest']);
    expect(started.length - before).toBe(1);
  });

  it('is given up for a newer request, and its worker is gone', async () => {
    const work = new LatestWork<string, string>(start, { ...patient, olderMs: 0 });
    const told: (string | null)[] = [];
    work.ask('for ever', (answer) => told.push(answer));
    const gone = once(lastStarted(), 'exit');
    told.push(await ask(work, 'newer'));
    await gone;
    expect(told).toEqual(['newer']);
  });

  it('is given up where it takes longer than any may, and the next has a new worker', async () => {
    const work = new LatestWork<string, string>(start, { ...patient, longestMs: 0 });
    const late = ask(work, 'for ever');
    const gone = once(lastStarted(), 'exit');
    expect(await late).toBeNull();
    await gone;
  });

  it('goes on after a failure', async () => {
    const work = new LatestWork<string, string>(start, patient);
    expect(await ask(work, 'broken')).toBeNull();
    expect(await ask(work, 'sound')).toBe('sound');
  });
});
