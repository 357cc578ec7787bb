/** The engine server of one test, with data of its own; it can be killed and started again like the real one. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
  #process: ChildProcess | null = null;
  #url = '';

  /** `command` is the script of the command line, the project's own unless another is given. */
  constructor(folders: Folders, command = join(root, 'host/bin/patchbay.mjs')) {
    this.folders = folders;
    this.#command = command;
  }

  /** Where the app is, its secret included. */
  get url(): string {
    return this.#url;
  }

  async start(): Promise<void> {
    const started = spawn(process.execPath, [this.#command, 'serve'], {
      env: environment(this.folders),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#process = started;
    this.#url = await new Promise((resolve, reject) => {
      let said = '';
      started.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        const [address] = /http:\S+/.exec(said) ?? [];
        if (address !== undefined) resolve(address);
      });
      started.once('exit', () => reject(new Error(`The server ended: ${said}`)));
    });
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
