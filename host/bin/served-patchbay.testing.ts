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
    engineProcessId: () => childrenOf(processId)[0],
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

function childrenOf(processId: number): readonly number[] {
  const children = readFileSync(`/proc/${processId}/task/${processId}/children`, 'utf8');
  return children.trim().split(' ').filter(Boolean).map(Number);
}
