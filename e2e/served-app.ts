/** The engine server of one test, with data of its own; it can be killed and started again like the real one. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { EngineHold } from '#host/engine/engine-hold.testing.ts';

const root = join(import.meta.dirname, '..');

export interface Folders {
  /** The user's data: drafts, preferences, recent files. */
  readonly data: string;
  /** Shared by all tests, so that the Shapes model is built once. */
  readonly cache: string;
}

export function environment({ data, cache }: Folders): Record<string, string> {
  const inherited = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return {
    ...Object.fromEntries(inherited),
    PATCHBAY_DATA: data,
    PATCHBAY_CACHE: cache,
    ...new EngineHold(data).environment,
  };
}

export class ServedApp {
  readonly folders: Folders;
  readonly #command: string;
  #process: ChildProcessByStdio<Writable, Readable, null> | null = null;

  /** `command` is the script of the command line, the project's own unless another is given. */
  constructor(folders: Folders, command = join(root, 'host/bin/patchbay.mjs')) {
    this.folders = folders;
    this.#command = command;
  }

  /** At any free port where none is given. */
  async start(port = 0): Promise<void> {
    const command = [this.#command, 'serve', '--port', String(port)];
    const started = spawn(process.execPath, command, {
      env: environment(this.folders),
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#process = started;
    await nextAddress(started);
  }

  /** Where the app is: opens one window. Asked for as a person does, by Enter, when the window is there. */
  async address(): Promise<string> {
    const serving = this.#process;
    if (!serving) throw new Error('No server runs.');
    const address = nextAddress(serving);
    serving.stdin.write('\n');
    return address;
  }

  /** As a power cut would. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const ending = this.#process;
    this.#process = null;
    if (!ending || ending.exitCode !== null || ending.signalCode !== null) return;
    const gone = new Promise((resolve) => {
      ending.once('exit', resolve);
    });
    ending.kill(signal);
    await gone;
  }
}

/** The next address that the server prints. */
function nextAddress(serving: ChildProcessByStdio<Writable, Readable, null>): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const end = (): void => reject(new Error(`The server ended: ${said}`));
    const hear = (chunk: Buffer): void => {
      said += chunk.toString();
      const address = /(http:\S+)\n/.exec(said)?.[1];
      if (address === undefined) return;
      serving.stdout.off('data', hear);
      serving.off('exit', end);
      resolve(address);
    };
    serving.stdout.on('data', hear);
    serving.once('exit', end);
  });
}

/** The process that runs graphs: known by its program, and by the data folder that it was given. */
export async function engineOf(dataFolder: string): Promise<number> {
  const read = (name: string, file: string): Promise<string> =>
    readFile(`/proc/${name}/${file}`, 'utf8').catch(() => '');
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const isEngine = (await read(name, 'cmdline')).includes('engine-process.js');
    if (isEngine && (await read(name, 'environ')).includes(`PATCHBAY_DATA=${dataFolder}\0`))
      return Number(name);
  }
  throw new Error('No engine process runs.');
}

export async function temporaryFolder(name: string): Promise<string> {
  return mkdtemp(join(tmpdir(), `patchbay-e2e-${name}-`));
}

export const removeFolder = (folder: string): Promise<void> =>
  rm(folder, { recursive: true, force: true });
