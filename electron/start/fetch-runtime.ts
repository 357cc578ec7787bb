/** Fetches Electron's runtime by its own installer, with progress, a limit, and a reason where it fails. */
import { fork, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** What the installer's process tells. */
export type FetchReport =
  | {
      readonly type: 'received';
      readonly receivedBytes: number;
      readonly totalBytes: number | null;
    }
  | { readonly type: 'failed'; readonly reason: string };

export type Fetched =
  { readonly fetched: true } | { readonly fetched: false; readonly reason: string };

export interface FetchOptions {
  readonly installScript: string;
  /** The bundle of fetch-report.ts. */
  readonly reportScript: string;
  /** Called with what there is so far; `totalBytes` is null where the server does not tell. */
  readonly progressed: (receivedBytes: number, totalBytes: number | null) => void;
  /** Ends the installer after that long without a byte. */
  readonly silenceLimitMs: number;
  readonly signal?: AbortSignal;
}

export async function fetchRuntime(options: FetchOptions): Promise<Fetched> {
  // The installer may be ended at any time; what it was downloading goes with this folder.
  const temporary = await mkdtemp(join(os.tmpdir(), 'patchbay-electron-'));
  try {
    return await install(options, temporary);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

function install(options: FetchOptions, temporary: string): Promise<Fetched> {
  const { env } = process;
  const hasProxy = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'].some((n) => env[n]);
  const child = fork(options.installScript, [], {
    execArgv: ['--import', pathToFileURL(options.reportScript).href],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: {
      ...env,
      TMPDIR: temporary,
      TEMP: temporary,
      TMP: temporary,
      ELECTRON_GET_NO_PROGRESS: '1',
      ...(hasProxy && { ELECTRON_GET_USE_PROXY: '1' }),
    },
  });
  return outcomeOf(child, options);
}

function outcomeOf(
  child: ChildProcess,
  { progressed, silenceLimitMs, signal }: FetchOptions,
): Promise<Fetched> {
  return new Promise((resolve) => {
    let lastWords = '';
    let reason: string | null = null;
    const give = (up: string) => {
      reason = up;
      child.kill('SIGKILL');
    };
    const silence = setTimeout(
      () => give(`nothing came for ${Math.round(silenceLimitMs / 1000)} seconds`),
      silenceLimitMs,
    );
    const abort = () => give('it was interrupted');
    signal?.addEventListener('abort', abort, { once: true });
    child.on('message', (report: FetchReport) => {
      silence.refresh();
      if (report.type === 'received') progressed(report.receivedBytes, report.totalBytes);
      else reason = report.reason;
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      lastWords = (lastWords + chunk.toString()).slice(0, 2000);
    });
    child.on('error', (cause) => {
      reason = cause.message;
    });
    child.on('close', (code) => {
      clearTimeout(silence);
      signal?.removeEventListener('abort', abort);
      if (code === 0) resolve({ fetched: true });
      else resolve({ fetched: false, reason: reason ?? firstLine(lastWords) });
    });
  });
}

/** The installer writes a stack whose first line is the message. */
function firstLine(lastWords: string): string {
  const line = lastWords
    .split('\n')
    .map((words) => words.trim())
    .find((words) => /^\w*Error\b|Error:/.test(words));
  return line?.replace(/^\w*Error: /, '') ?? 'its installer ended without saying why';
}
