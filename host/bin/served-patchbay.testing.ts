/** `patchbay serve` as a shell starts it, and the contract as its page speaks it. */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createTRPCClient, httpLink } from '@trpc/client';
import type { NumberedEvent } from '#engine/contract/host-service.ts';
import type { Router } from '#engine/contract/router.ts';
import type { RunEvent } from '#engine/contract/run-event.ts';
import { enter } from '../server/entering.testing.ts';
import { messagesOf } from '../server/event-stream.testing.ts';
import { finished, startPatchbay, type Finished } from './patchbay-command.testing.ts';

type Client = ReturnType<typeof createTRPCClient<Router>>;

export interface ServedPatchbay {
  readonly processId: number;
  readonly client: Client;
  /** All events of a run, as they come. */
  readonly runEvents: (runId: string) => AsyncGenerator<RunEvent>;
  /** The engine process; undefined while there is none. Linux only. */
  readonly engineProcessId: () => number | undefined;
  /** Where the processes that it has started put down what they need for a while. Linux only. */
  readonly temporaryFolders: () => readonly string[];
  /** Sends a signal, where the process has not ended, and resolves when it has. */
  readonly end: (signal: NodeJS.Signals) => Promise<Finished>;
}

export async function servePatchbay(
  cache: string,
  environment: NodeJS.ProcessEnv,
): Promise<ServedPatchbay> {
  const child = startPatchbay(['serve'], { cache, environment });
  const processId = child.pid as number;
  const ended = finished(child);
  const { origin, headers } = await enter(await addressOf(child));
  const client = createTRPCClient<Router>({
    links: [httpLink({ url: `${origin}/rpc`, headers, methodOverride: 'POST' })],
  });
  return {
    processId,
    client,
    async *runEvents(runId) {
      const input = encodeURIComponent(JSON.stringify({ runId, after: -1 }));
      const response = await fetch(`${origin}/rpc/runEvents?input=${input}`, { headers });
      for await (const fields of messagesOf(response)) {
        if (fields.get('id') === undefined) continue;
        yield (JSON.parse(fields.get('data') ?? '') as NumberedEvent).event;
      }
    },
    engineProcessId: () =>
      startedBy(processId).find(({ script }) => script.endsWith('engine-process.js'))?.processId,
    temporaryFolders: () => startedBy(processId).map(({ temporary }) => temporary),
    end(signal) {
      child.kill(signal);
      return ended;
    },
  };
}

async function addressOf({ stdout, stderr }: ChildProcessWithoutNullStreams): Promise<string> {
  let said = '';
  stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  for await (const chunk of stdout.iterator({ destroyOnReturn: false })) {
    said += String(chunk);
    const [address] = /http:\S+/.exec(said) ?? [];
    if (address !== undefined) return address;
  }
  throw new Error(`The server ended: ${said}`);
}

interface StartedProcess {
  readonly processId: number;
  readonly script: string;
  readonly temporary: string;
}

/** What runs graphs and what checks them. */
function startedBy(serverId: number): readonly StartedProcess[] {
  const children = readFileSync(`/proc/${serverId}/task/${serverId}/children`, 'utf8');
  return children
    .trim()
    .split(' ')
    .filter(Boolean)
    .map((processId) => {
      const words = readFileSync(`/proc/${processId}/cmdline`, 'utf8').split('\0').filter(Boolean);
      const [script = '', temporary = ''] = words.slice(-2);
      return { processId: Number(processId), script, temporary };
    });
}
