/** Sessions under ONNX Runtime's profiler, and what it found when they have run. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Operator } from '#engine/contract/operators.ts';
import { operatorsByRow, type ProfiledRun } from '#engine/profile/operator-trace.ts';
import { openSession, type Session, type SessionOptions } from './sessions.ts';

interface ProfiledSession {
  readonly folder: string;
  /** What each run was for. */
  readonly runs: (ProfiledRun | null)[];
  readonly end: () => void;
}

export class Profiler {
  readonly #folder: string;
  readonly #sessions: ProfiledSession[] = [];
  /** What runs from now on is for this; null for what nobody is told of. */
  current: ProfiledRun | null = null;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async start(): Promise<Profiler> {
    return new Profiler(await mkdtemp(join(tmpdir(), 'patchbay-profile-')));
  }

  /** Opens a graph as `openSession` does. */
  readonly open = async (readyPath: string, options: SessionOptions): Promise<Session> => {
    const folder = await mkdtemp(join(this.#folder, 'session-'));
    const session = await openSession(readyPath, {
      ...options,
      profilePrefix: join(folder, 'trace'),
    });
    const runs: (ProfiledRun | null)[] = [];
    let hasEnded = false;
    const end = (): void => {
      if (!hasEnded) session.endProfiling();
      hasEnded = true;
    };
    this.#sessions.push({ folder, runs, end });
    return {
      ...session,
      run: (feeds, places) => {
        runs.push(this.current);
        return session.run(feeds, places);
      },
      release: () => {
        end();
        return session.release();
      },
    };
  };

  /** Ends the profiling; operators by row, those of several sessions of a row one behind the other. */
  async operators(): Promise<ReadonlyMap<string, readonly Operator[]>> {
    const found = new Map<string, readonly Operator[]>();
    for (const { folder, runs, end } of this.#sessions) {
      end();
      // ONNX Runtime does not say what it called its file.
      for (const name of await readdir(folder)) {
        const trace: unknown = JSON.parse(await readFile(join(folder, name), 'utf8'));
        for (const [row, operators] of operatorsByRow(trace, runs))
          found.set(row, [...(found.get(row) ?? []), ...operators]);
      }
    }
    return found;
  }

  async close(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}
